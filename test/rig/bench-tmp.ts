import { createTransport } from '../../lib/transport/index.ts'
import { startSshd } from './sshd.ts'
import { aHost, inventoryOf, reach } from './hosts.ts'
import ssh2 from 'ssh2'
const d = await startSshd({ sh: '/bin/dash' })
try {
  for (let round = 0; round < 3; round++) {
    const host = aHost('n', reach(d))
    const t = createTransport({ inventory: inventoryOf(host) })
    const C = ssh2.Client.prototype as any
    const o = C.connect; let t0 = 0
    C.connect = function (cfg: any) { return o.call(this, { ...cfg, debug: (m: string) => { if (/bound/.test(m)) console.log((performance.now() - t0).toFixed(1), m) } }) }
    t0 = performance.now()
    await t.open(host); const c = t.connection(host, {})
    console.log(' open', (performance.now() - t0).toFixed(1))
    await c.exec('true'); console.log(' first', (performance.now() - t0).toFixed(1))
    C.connect = o
    await t.close()
  }
} finally { await d.stop() }
