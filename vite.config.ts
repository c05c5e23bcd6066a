import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

/** The window: renderer/ into dist/renderer, the same files for both hosts. */
export default defineConfig({
  root: fileURLToPath(new URL('renderer', import.meta.url)),
  // Electron serves it from workstation://, the web host from its own port.
  base: './',
  plugins: [react()],
  worker: { format: 'es' },
  optimizeDeps: {
    exclude: ['@cornerstonejs/dicom-image-loader'],
    include: ['dicom-parser'],
  },
  build: {
    outDir: fileURLToPath(new URL('dist/renderer', import.meta.url)),
    emptyOutDir: true,
    // Both hosts bring a Chromium of this year, or the reader's own browser does.
    target: 'es2024',
    sourcemap: true,
    // A strict CSP has no room for data: scripts, and a worker inlined as data: would be one.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // Cornerstone with vtk.js is 4.1 MB, from this computer's own disk.
    chunkSizeWarningLimit: 5000,
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: 'cornerstone', test: /node_modules[\\/](@cornerstonejs|@kitware|gl-matrix)/ },
            { name: 'react', test: /node_modules[\\/](react|react-dom|scheduler)[\\/]/ },
            { name: 'mantine', test: /node_modules[\\/]@(mantine|floating-ui|tabler)[\\/]/ },
          ],
        },
      },
    },
  },
})
