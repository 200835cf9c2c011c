// Preloaded by the benchmark of growth: says in $BENCH_MEMORY how much memory a program took at most, in kilobytes.
import { appendFileSync } from 'node:fs'

process.on('exit', () => {
  appendFileSync(process.env.BENCH_MEMORY, `${process.resourceUsage().maxRSS}\n`)
})
