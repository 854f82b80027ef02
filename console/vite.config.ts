import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { brotliCompressSync, gzipSync } from "node:zlib";
import vue from "@vitejs/plugin-vue";
import { defineConfig, type Plugin } from "vite";

// Beside every text its compressed forms, which the gateway sends as they are (gateway/api/console_pages.c).
function compressed(): Plugin {
  let out = "dist";

  return {
    name: "compressed",
    apply: "build",
    configResolved: (config) => void (out = config.build.outDir),
    closeBundle() {
      for (const name of readdirSync(out, { recursive: true, encoding: "utf8" })) {
        if (!/\.(html|js|css|svg)$/.test(name)) continue;
        const bytes = readFileSync(`${out}/${name}`);

        writeFileSync(`${out}/${name}.br`, brotliCompressSync(bytes));
        writeFileSync(`${out}/${name}.gz`, gzipSync(bytes, { level: 9 }));
      }
    },
  };
}

// Served by the gateway at /console/ under a policy without inline script: nothing is inlined.
export default defineConfig({
  base: "/console/",
  plugins: [vue(), compressed()],
  build: {
    assetsInlineLimit: 0,
    target: "es2022",
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 900,
    rollupOptions: {
      output: {
        manualChunks: (id) =>
          id.includes("node_modules/echarts") || id.includes("node_modules/zrender")
            ? "charts"
            : id.includes("node_modules")
              ? "library"
              : undefined,
      },
    },
  },
});
