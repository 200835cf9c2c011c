// Writes what programs write into the pages: `npm run docs`; with --check it only says which would change.
import { writeFileSync } from 'node:fs'
import { allPages } from './pages.ts'
import { current, steady } from './reference.ts'

const check = process.argv.includes('--check')
const old = allPages().filter((page) => {
  const wrong = current(page).filter(({ content, should }) => steady(content) !== steady(should))
  const text = wrong.reduceRight(
    (text, { at, content, should }) => text.slice(0, at) + should + text.slice(at + content.length),
    page.text,
  )
  if (!check && wrong.length > 0) writeFileSync(page.file, text)
  return wrong.length > 0
})
for (const { file } of old) process.stdout.write(`${file} ${check ? 'would change' : 'is written'}\n`)
if (old.length === 0) process.stdout.write('every page is current\n')
process.exitCode = check && old.length > 0 ? 1 : 0
