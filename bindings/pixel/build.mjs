// Minifies src/tag.js for the script tag, and keeps to the size budget: 5,000 bytes of gzip.
import { build } from 'esbuild'
import { minify } from 'terser'
import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'

const BUDGET_BYTES = 5000
const path = (name) => fileURLToPath(new URL(name, import.meta.url))

const { outputFiles } = await build({
  entryPoints: [path('src/tag.js')],
  bundle: true,
  write: false,
  format: 'iife',
  target: ['es2021'],
})
const { code } = await minify(outputFiles[0].text, {
  ecma: 2020,
  toplevel: true,
  compress: { passes: 4, unsafe_arrows: true, pure_getters: true },
  format: { preamble: '/*! @acd/pixel, Apache-2.0 */' },
})
await mkdir(path('dist'), { recursive: true })
await writeFile(path('dist/acd-pixel.min.js'), code)
// npm takes the licence from here alone.
await copyFile(path('../../LICENSE'), path('LICENSE'))
const size = gzipSync(code, { level: 9 }).length
console.log(`dist/acd-pixel.min.js: ${size} bytes of gzip, at most ${BUDGET_BYTES}`)
if (size > BUDGET_BYTES) process.exitCode = 1
