import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

// Units stand beside what they test; what needs a browser is in tests/console and uses the modules of this folder.
export default defineConfig({
  root: here("."),
  resolve: {
    alias: { "playwright-core": here("node_modules/playwright-core/index.mjs"), vitest: here("node_modules/vitest/dist/index.js") },
  },
  test: {
    testTimeout: 60000,
    hookTimeout: 60000,
    projects: [
      { extends: true, test: { name: "unit", include: ["src/**/*.test.ts"], environment: "node" } },
      { extends: true, test: { name: "browser", include: ["../tests/console/**/*.spec.ts"], environment: "node", fileParallelism: false } },
      // Figures, not tests (scripts/bench console).
      { extends: true, test: { name: "measure", include: ["../tests/console/**/*.measure.ts"], environment: "node" } },
    ],
  },
});
