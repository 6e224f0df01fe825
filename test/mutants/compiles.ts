/**
 * Whether a mutant is a program: what the compiler refuses no test needs to catch.
 *
 * The program is read once; then only the file of each mutant is checked anew.
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { apply, type Mutant } from "./patch.js";

export class Compiler {
  private readonly service: ts.LanguageService;
  private readonly versions = new Map<string, number>();
  private readonly texts = new Map<string, string>();

  /** @param root the folder of the project */
  constructor(private readonly root: string) {
    const config = ts.readConfigFile(join(root, "tsconfig.json"), ts.sys.readFile);
    const { options, fileNames } = ts.parseJsonConfigFileContent(config.config, ts.sys, root);
    const own = fileNames.filter((name) => /\/(engine|sim)\//.test(name) && !name.includes("/test/"));
    this.service = ts.createLanguageService({
      getCompilationSettings: () => options,
      getScriptFileNames: () => own,
      getScriptVersion: (name) => String(this.versions.get(name) ?? 0),
      getScriptSnapshot: (name) => {
        const text = this.texts.get(name) ?? ts.sys.readFile(name);
        return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
      },
      getCurrentDirectory: () => root,
      getDefaultLibFileName: ts.getDefaultLibFilePath,
      fileExists: ts.sys.fileExists,
      readFile: ts.sys.readFile,
      readDirectory: ts.sys.readDirectory,
      directoryExists: ts.sys.directoryExists,
    });
  }

  /** What the compiler has to say about the patched file: undefined for nothing. */
  complaint(mutant: Mutant): string | undefined {
    const path = join(this.root, mutant.file);
    this.set(path, apply(mutant, readFileSync(path, "utf8")));
    const [first] = [
      ...this.service.getSyntacticDiagnostics(path),
      ...this.service.getSemanticDiagnostics(path),
    ];
    this.set(path, undefined);
    return first === undefined ? undefined : ts.flattenDiagnosticMessageText(first.messageText, "\n");
  }

  private set(path: string, text: string | undefined): void {
    if (text === undefined) this.texts.delete(path);
    else this.texts.set(path, text);
    this.versions.set(path, (this.versions.get(path) ?? 0) + 1);
  }
}
