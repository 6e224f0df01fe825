// Makes the page that reports are filled into: the viewer's script and style in one HTML file, which asks the network for
// nothing. `npm run build` runs it after the compiler.
//
//     node results/viewer/bundle.mjs [folder of the compiled program, dist by default]

import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const dist = process.argv[2] ?? join(here, "..", "..", "dist");
const out = join(dist, "results", "report", "template.html");

const { outputFiles } = await build({
  entryPoints: [join(here, "main.ts")],
  bundle: true,
  minify: true,
  write: false,
  outdir: "viewer",
  format: "iife",
  target: ["chrome109", "firefox115", "safari16.4"],
  legalComments: "inline",
  tsconfigRaw: { compilerOptions: { useDefineForClassFields: false } },
});
const text = (ending) => outputFiles.find(({ path }) => path.endsWith(ending)).text;
// A script ends at the first </script>, wherever that stands.
const script = text(".js").replaceAll("</script", "<\\/script");
const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data: blob:">
<title><!--TITLE--></title>
<style>${text(".css")}</style>
</head>
<body>
<!--DATA-->
<script>${script}</script>
</body>
</html>
`;
mkdirSync(dirname(out), { recursive: true });
writeFileSync(out, page);
