// The size gates: what a visitor's browser downloads, gzipped.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const dist = join(dirname(fileURLToPath(import.meta.url)), "..", "dist");
const gates = [
  { name: "loader", files: ["loader.js"], limit: 5 * 1024 },
  { name: "app", files: ["app.js", "app.css", "frame.html"], limit: 60 * 1024 },
];

let failed = 0;
for (const { name, files, limit } of gates) {
  const size = files.reduce((sum, file) => sum + gzipSync(readFileSync(join(dist, file)), { level: 9 }).length, 0);
  const ok = size < limit;
  if (!ok) failed += 1;
  console.log(`${ok ? "ok  " : "FAIL"} ${name}: ${size} bytes gzipped, limit ${limit}`);
}
process.exit(failed === 0 ? 0 : 1);
