import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vite";

// Served by the gateway at /console/ under a policy without inline script: nothing is inlined.
export default defineConfig({
  base: "/console/",
  plugins: [vue()],
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
