import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Event, Timed } from '../../../lib/model/event.ts'
import { htmlReport } from '../../../lib/report/html.ts'
import { browser } from '../../rig/browser.ts'
import { leftOut } from '../../rig/needs.ts'

const test = suite('report/html')
const at = { file: 'roles/x.ts', line: 7, column: 1 } as Extract<Event, { type: 'task-finished' }>['at']
const path = (task: string) =>
  ({ play: 'Move', role: 'nova', blocks: [], task }) as unknown as Timed['path' & keyof Timed]

/** Two hosts, one of them with a failure whose words could be taken for markup. */
function events(hosts: readonly string[] = ['node-1', 'node-5']): readonly Timed[] {
  const all: unknown[] = [
    {
      type: 'run-started',
      run: 'r',
      playbook: 'A <new> release',
      check: false,
      hosts,
      plays: 1,
      tasks: 2,
      argv: ['up.ts', '-i', 'x&y'],
      time: 0,
    },
    { type: 'play-started', play: 'Move', hosts, batches: 1, time: 0 },
  ]
  const end = (task: string, host: string, from: number, to: number, more: object) => {
    all.push({ type: 'task-started', path: path(task), at, hosts: [host], handler: false, time: from })
    all.push({
      type: 'task-finished',
      path: path(task),
      at,
      host,
      delegated: [],
      handler: false,
      milliseconds: to - from,
      time: to,
      ...more,
    })
  }
  for (const host of hosts) {
    end('Dump', host, 0, 4000, { status: 'changed' })
    all.push({ type: 'output', path: path('Tell'), host, text: 'moved 3 volumes\n', stream: 'log', time: 4000 })
    end('Tell', host, 4000, 4500, { status: 'ok' })
  }
  end('Check', hosts[0]!, 4500, 9000, {
    status: 'failed',
    failure: { reason: '</pre><script>alert(1)</script> & more', at, hint: 'mend "it"' },
  })
  all.push({ type: 'run-finished', run: 'r', outcome: 'failed', milliseconds: 9000, owed: [], time: 9000 })
  return all as readonly Timed[]
}

test('tells how the run ended, what failed and why, and what tasks told', () => {
  const page = htmlReport(events())
  assert.match(page, '<h1>A &lt;new&gt; release</h1>')
  assert.match(page, 'failed</b> after 9.0 s, begun 1970-01-01 00:00:00 UTC')
  assert.match(page, 'up.ts -i x&amp;y')
  assert.match(page, '&lt;/pre&gt;&lt;script&gt;alert(1)&lt;/script&gt; &amp; more')
  assert.match(page, '→ mend &quot;it&quot;')
  assert.match(page, /What the tasks told[\s\S]*moved 3 volumes/)
})

test('needs nothing beside it', () => {
  const page = htmlReport(events())
  assert.not.match(page, /<script|src=|href=|url\(|@import|https?:/)
})

test('draws each task where it was, and what held the run up', () => {
  const page = htmlReport(events(['node-1']))
  const bars = [
    ...page.matchAll(/<rect class="([^"]*)" x="([\d.]+)" y="\d+" width="([\d.]+)"[^>]*><title>(.*?)<\/title>/g),
  ]
  assert.equal(
    bars.map(([, kind, x, width, title]) => [kind, x, width, title]),
    [
      ['changed held', '0.0', '444.4', 'nova › Dump on node-1: changed, 4.0 s'],
      ['ok held', '444.4', '55.6', 'nova › Tell on node-1: ok, 0.5 s'],
      ['failed held', '500.0', '500.0', 'nova › Check on node-1: failed, 4.5 s'],
    ],
  )
})

test('a run of nothing is a page too', () => {
  assert.match(htmlReport([]), 'broken off')
})

if (!leftOut('the page in a browser', 'chromium-headless-shell'))
  test('a real browser shows it on a screen, on a phone and on paper', async () => {
    const home = mkdtempSync('/tmp/switchover-html-')
    const file = join(home, 'run.html')
    const many = Array.from({ length: 40 }, (_, i) => `compute-${i + 1}.domain.tld`)
    writeFileSync(file, htmlReport(events(many)))
    const page = await browser()
    try {
      const seen = `({
        bars: [...document.querySelectorAll('rect')].filter((bar) => bar.getBoundingClientRect().width > 0).length,
        names: [...document.querySelectorAll('svg text')].filter((one) => one.getBoundingClientRect().left < 0).length,
        wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
        title: document.title,
        scripts: document.scripts.length,
      })`
      for (const width of [1280, 390])
        assert.equal(
          await page.ask(file, width, seen),
          { bars: 81, names: 0, wide: 0, title: 'A <new> release', scripts: 0 },
          `${width} wide`,
        )
      assert.is((await page.picture()).subarray(1, 4).toString(), 'PNG')
      assert.is((await page.printed()).subarray(0, 5).toString(), '%PDF-')
    } finally {
      await page.close()
      rmSync(home, { recursive: true })
    }
  })

test.run()
