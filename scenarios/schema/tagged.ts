/**
 * Things of several kinds, written as a map whose one key is the kind:
 *
 *     lifetime: {exponential: {mean: 10ms}}
 *     lifetime: 10ms                          short for {constant: 10ms}
 *
 * To the schema this is one object that knows all kinds as keys, so that a misspelt kind is a misspelt key.
 */

import { z } from "zod";
import { fail, listed, object } from "./common.js";

/** A kind: the schema of its value, and the spec that it stands for. */
export interface Kind<Spec> {
  readonly schema: z.ZodType;
  readonly spec: (value: never) => Spec;
}

/** Pairs a schema with what becomes of its value. */
export function kind<T extends z.ZodType, Spec>(schema: T, spec: (value: z.output<T>) => Spec): Kind<Spec> {
  return { schema, spec: spec as (value: never) => Spec };
}

/**
 * The schema of a thing of one of several kinds.
 * @param what with article, for messages: `a distribution`
 * @param id name of the definition in the JSON Schema
 * @param kinds by name; the kind `constant` may be written without its name
 * @param modifiers keys that may stand beside the kind
 * @param modify what they make of the spec
 */
export function tagged<Spec, Input>(
  what: string,
  id: string,
  about: string,
  kinds: Readonly<Record<string, Kind<Spec>>>,
  modifiers: Readonly<Record<string, z.ZodType>> = {},
  modify: (spec: Spec, given: Readonly<Record<string, unknown>>, ctx: z.core.$RefinementCtx) => Spec = (
    spec,
  ) => spec,
): z.ZodType<Spec, Input> {
  const names = Object.keys(kinds);
  const shape: Record<string, z.ZodType> = {};
  for (const name of names) shape[name] = kinds[name]!.schema.optional();
  for (const [name, schema] of Object.entries(modifiers)) shape[name] = schema.optional();
  const chosen = object(shape).transform((value: Record<string, unknown>, ctx): Spec => {
    const given = names.filter((name) => value[name] !== undefined);
    if (given.length !== 1) {
      if (given.length === 0) fail(ctx, [], `${what} that has no kind, expected one of ${names.join(", ")}`);
      else fail(ctx, [given[1]!], `${what} that has several kinds, ${listed(given)}, expected one of them`);
      return z.NEVER;
    }
    return modify(kinds[given[0]!]!.spec(value[given[0]!] as never), value, ctx);
  });
  return z
    .preprocess((value) => (isMap(value) || value === undefined ? value : { constant: value }), chosen)
    .meta({ id, description: about, tagged: { constant: "constant" in kinds } }) as unknown as z.ZodType<
    Spec,
    Input
  >;
}

/** Whether a value is a map, which an array is not. */
export function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
