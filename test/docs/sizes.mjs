// How large the files are, and how wide their lines: `node test/docs/sizes.mjs [FOLDER...]`, lib and roles unless said.
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

const folders = process.argv.length > 2 ? process.argv.slice(2) : ['lib', 'roles']
const percent = (part, of) => `${((100 * part) / of).toFixed(1)} %`

for (const folder of folders) {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ts|cjs|mjs)$/.test(name) && !name.includes('node_modules'))
    .map((name) => ({ name, lines: readFileSync(path.join(folder, name), 'utf8').trimEnd().split('\n') }))
    .sort((a, b) => a.lines.length - b.lines.length)
  const lines = files.flatMap((file) => file.lines)
  const at = (share) => files[Math.min(files.length - 1, Math.floor(share * files.length))].lines.length
  const wide = lines.filter((line) => [...line].length > 120).length
  // A room is a folder of it, or what lies in none.
  const rooms = new Map()
  for (const { name, lines } of files) {
    const room = name.includes(path.sep) ? name.split(path.sep)[0] : '.'
    rooms.set(room, (rooms.get(room) ?? 0) + lines.length)
  }
  const [biggest, most] = [...rooms].sort(([, a], [, b]) => b - a)[0]
  const longest = files.at(-1)
  process.stdout.write(
    `${folder}: ${files.length} files, ${lines.length} lines; lines a file: median ${at(0.5)}, p90 ${at(0.9)}, ` +
      `max ${longest.lines.length} (${longest.name}); over 120 columns: ${wide} (${percent(wide, lines.length)}); ` +
      `biggest room: ${biggest} (${percent(most, lines.length)})\n`,
  )
}
