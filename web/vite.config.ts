import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// The development server hands everything of the API to a running `itscam` server.
const server = process.env.ITSCAM_DEV_SERVER ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [react()],
  build: {
    outDir: "../src/its_camera_ai/api/static",
    emptyOutDir: true,
    target: "es2022",
    // A data: URL would need a wider Content-Security-Policy; files need none.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    proxy: {
      "/api": { target: server, ws: true },
      "/health": { target: server },
    },
  },
  test: { environment: "node", include: ["src/**/*.test.{ts,tsx}"], restoreMocks: true },
});
