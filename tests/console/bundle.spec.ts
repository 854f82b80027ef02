// What the browser has to fetch: little, from nowhere else, and nothing that the policy would block.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { brotliDecompressSync, gunzipSync, gzipSync } from "node:zlib";
import { expect, it } from "vitest";

const DIST = `${process.env["CONSOLE_DIST"] ?? fileURLToPath(new URL("../../console/dist", import.meta.url))}/`;
const SOURCES = fileURLToPath(new URL("../../console/src/", import.meta.url));
const BYTES_MAX = 1024 * 1024;
const assets = readdirSync(`${DIST}assets`)
  .filter((name) => !/\.(br|gz)$/.test(name))
  .map((name) => `${DIST}assets/${name}`);
const sources = readdirSync(SOURCES, { recursive: true, encoding: "utf8" }).filter((name) => /\.(vue|ts)$/.test(name));

it("is less than a megabyte, compressed", () => {
  const bytes = [...assets, `${DIST}index.html`].reduce((sum, path) => sum + gzipSync(readFileSync(path)).length, 0);

  console.log(`compressed: ${bytes} bytes`);
  expect(bytes).toBeLessThan(BYTES_MAX);
});
it("has the compressed forms beside every text", () => {
  for (const path of [...assets, `${DIST}index.html`]) {
    const plain = readFileSync(path);

    expect(gunzipSync(readFileSync(`${path}.gz`)).equals(plain), path).toBe(true);
    expect(brotliDecompressSync(readFileSync(`${path}.br`)).equals(plain), path).toBe(true);
  }
});
it("has no script or style inside its page, and none from elsewhere", () => {
  const page = readFileSync(`${DIST}index.html`, "utf8");

  expect(page).not.toMatch(/<script(?![^>]* src="\/console\/)/);
  expect(page).not.toMatch(/<style|style=|https?:\/\//);
});
it("makes no HTML from data, and writes no style into a template", () => {
  for (const name of sources) expect(readFileSync(SOURCES + name, "utf8"), name).not.toMatch(/v-html|innerHTML|\sstyle="|insertAdjacentHTML/);
});
