// `run` straight from the sources, for breakpoints in them: npm run debug -- site.ts -i inventory
import { main } from '../lib/cli.ts'

await main(process.argv.slice(2))
