import { defineConfig } from 'vite'

/** The bridge as one CommonJS file: a sandboxed preload can load nothing else. */
export default defineConfig({
  root: import.meta.dirname,
  build: {
    outDir: 'dist/preload',
    emptyOutDir: true,
    target: 'es2024',
    minify: false,
    lib: { entry: 'preload/bridge.ts', formats: ['cjs'], fileName: () => 'bridge.cjs' },
    rolldownOptions: { external: ['electron'] },
  },
})
