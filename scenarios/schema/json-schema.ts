/**
 * The schema as JSON Schema, for editors: completion, the meaning of each key, and most of what is wrong while it is
 * typed. What only the whole file can show, `mheapsim validate` finds.
 *
 * Every value may also be a parameter, `$name` or `${…}`, which the schema itself never sees (see ../load/parameters.ts);
 * so each leaf becomes "this, or a parameter".
 */

import { z } from "zod";
import { type QuantityType, unitsOf } from "./common.js";
import { scenarioSchema } from "./root.js";

type Json = z.core.JSONSchema.BaseSchema;

const PARAMETER = { $ref: "#/$defs/Parameter" };

/** The JSON Schema of scenario files, draft 2020-12. Plain data, the same at each call. */
export function jsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(scenarioSchema, {
    io: "input",
    unrepresentable: "any",
    override: ({ zodSchema, jsonSchema, path }) => {
      extend(zodSchema as unknown as z.ZodType, jsonSchema as Json, path.at(-1));
    },
  }) as Json;
  schema.title = "mheapsim scenario";
  schema.description = "A scenario of mheapsim: what a program does to its heap";
  schema.$defs = {
    ...schema.$defs,
    Parameter: {
      type: "string",
      pattern: "\\$",
      // biome-ignore lint/suspicious/noTemplateCurlyInString: this is how a scenario file writes it
      description: "A parameter of this file, $name, or an expression such as ${2 * name}",
    },
  };
  for (const definition of Object.values(schema.$defs)) constantForms(definition as Json);
  return schema as Record<string, unknown>;
}

/** A number that stands for a constant has the forms of one: `100/s` where a rate belongs, and no size. */
function constantForms(definition: Json): void {
  const map = definition.anyOf?.at(-1) as Json | undefined;
  const constant = (map?.properties as Record<string, Json> | undefined)?.["constant"];
  if (constant?.anyOf !== undefined) definition.anyOf = [...constant.anyOf, map as Json];
}

function extend(zodSchema: z.ZodType, json: Json, key: string | number | undefined): void {
  const meta = (zodSchema.meta() ?? {}) as {
    quantity?: QuantityType;
    tagged?: { constant: boolean };
    shorthand?: string;
  };
  const { type } = zodSchema.def;
  if (meta.quantity !== undefined) {
    // Wrappers inherit what they wrap, so that this comes by again.
    delete json["quantity"];
    json.anyOf = [...quantityForms(meta.quantity), PARAMETER];
    return;
  }
  if (meta.tagged !== undefined || meta.shorthand !== undefined) orShorthand(json, meta.tagged !== undefined);
  // The kind of a workload picks the branch that an editor shows, so it is no parameter there.
  else if ((type === "enum" && Array.isArray(json.enum)) || type === "boolean") {
    const own = type === "enum" ? { type: "string", enum: json.enum } : { type: "boolean" };
    delete json.enum;
    delete json.type;
    json.anyOf = [own as Json, PARAMETER];
  } else if (type === "record" && key !== "params") delete json.propertyNames;
}

/** A number or text that stands for a map with one key. */
function orShorthand(json: Json, tagged: boolean): void {
  if (json.type !== "object") return;
  const map: Json = { type: "object" };
  for (const key of ["properties", "required", "additionalProperties"] as const) {
    if (json[key] !== undefined) map[key] = json[key] as never;
    delete json[key];
  }
  if (tagged) map.minProperties = 1;
  delete json.type;
  delete json["tagged"];
  delete json["shorthand"];
  json.anyOf = [{ type: "number" }, { type: "string" }, map];
}

function quantityForms(type: QuantityType): Json[] {
  const forms: Json[] = [];
  const { bytes, time } = type.dimension;
  if (bytes === 0 && time === 0) {
    const perCent = type.whole ? [] : [{ type: "string", pattern: "^[+-]?[0-9.eE+-]+ *%$" } as Json];
    forms.push({ type: type.whole ? "integer" : "number", minimum: type.min, maximum: type.max }, ...perCent);
  } else {
    const units = unitsOf(type).map((unit) => unit.replace("/", "\\/"));
    const sign = type.min < 0 ? "[+-]?" : "\\+?";
    forms.push({
      type: "string",
      pattern: `^${sign}[0-9][0-9.eE+-]* *(${units.join("|")})$`,
      examples: [type.example],
    });
    if (type.min <= 0) forms.push({ const: 0 });
  }
  if (type.word !== "") forms.push({ const: type.word });
  return forms;
}
