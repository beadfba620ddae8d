// Builds dist/: what the server embeds. The same sources give the same bytes, so that CI can compare.
import { build } from "esbuild";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const dist = process.env.OUT_DIR ?? join(root, "dist");

const common = {
  absWorkingDir: root,
  bundle: true,
  minify: true,
  charset: "utf8",
  legalComments: "none",
  // Safari 14.1 and the Chromium and Firefox of its year: older ones are under half a percent of visitors.
  target: ["es2020", "safari14.1", "chrome87", "firefox78"],
  logLevel: "warning",
};

await mkdir(dist, { recursive: true });
await build({ ...common, entryPoints: ["src/loader/main.ts"], format: "iife", outfile: join(dist, "loader.js") });
await build({ ...common, entryPoints: ["src/app/main.ts"], format: "iife", outfile: join(dist, "app.js") });
await build({ ...common, entryPoints: ["src/app/app.css"], outfile: join(dist, "app.css") });
await writeFile(join(dist, "frame.html"), await readFile(join(root, "src/app/frame.html")));
