import { globSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { defineConfig, type Plugin } from 'vite'

/**
 * main/ into dist/app as JavaScript, file by file and at the same places, for Electron, whose Node is not expected to strip types.
 * Processes and workers are started by URLs relative to their module, which hold in both trees.
 */
export default defineConfig({
  root: import.meta.dirname,
  plugins: [javascriptUrls()],
  build: {
    ssr: true,
    target: 'node24',
    outDir: 'dist/app',
    emptyOutDir: true,
    minify: false,
    rolldownOptions: {
      input: Object.fromEntries(
        // The command line and the web host run from their sources.
        globSync('main/**/*.ts', {
          cwd: import.meta.dirname,
          exclude: ['**/*.d.ts', 'main/hosts/{cli,web}{.ts,/**}'],
        })
          .map((path) => path.replaceAll('\\', '/'))
          .map((path) => [path.replace(/\.ts$/, ''), fileURLToPath(new URL(path, import.meta.url))]),
      ),
      external: ['electron'],
      output: {
        preserveModules: true,
        preserveModulesRoot: import.meta.dirname,
        entryFileNames: '[name].js',
      },
    },
  },
})

/** `new URL('./engine.ts', import.meta.url)` names engine.js there. */
function javascriptUrls(): Plugin {
  return {
    name: 'javascript-urls',
    enforce: 'pre',
    transform: (code) => code.replace(/(new URL\(\s*'\.[^']+)\.ts('\s*,\s*import\.meta\.url)/g, '$1.js$2'),
  }
}
