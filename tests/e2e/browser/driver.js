// Chromium, told what to do by lines of JSON on standard input, one answer a line: {"result":…} or {"error":…}.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

// From where it was installed.
const require = createRequire(`${process.env.BROWSER_MODULES}/`);
const { chromium } = require("playwright-core");
const AXE = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const root = process.getuid() === 0;
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM,
  // Its own sandbox does not run as root; its shared memory may be small in a container.
  args: [...(root ? ["--no-sandbox"] : []), "--disable-dev-shm-usage", "--disable-gpu", "--js-flags=--expose-gc"],
});
let context = null;
let page = null;
let complaints = [];
let requests = [];

const actions = {
  // A fresh profile. Everything that a page complains of is kept.
  async begin({ width = 1280, height = 900, scheme = "light", javascript = true, scale = 1 }) {
    await context?.close();
    complaints = [];
    requests = [];
    context = await browser.newContext({
      viewport: { width, height }, colorScheme: scheme, javaScriptEnabled: javascript, deviceScaleFactor: scale,
      reducedMotion: "reduce",
    });
    page = await context.newPage();
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) complaints.push(`console: ${message.text()}`);
    });
    page.on("pageerror", (error) => complaints.push(`error: ${error.stack}`));
    page.on("dialog", (dialog) => {
      complaints.push(`dialog: ${dialog.message()}`);
      dialog.dismiss();
    });
    page.on("request", (request) => requests.push(request.url()));
    await page.addInitScript(() => {
      window.violations = [];
      document.addEventListener("securitypolicyviolation", (event) =>
        window.violations.push(`${event.violatedDirective}: ${event.blockedURI} in ${event.sourceFile}:${event.lineNumber}`));
    });
  },
  open: ({ url }) => page.goto(url).then((answer) => answer.status()),
  evaluate: ({ script }) => page.evaluate(script),
  click: ({ selector }) => page.click(selector),
  fill: ({ selector, text }) => page.fill(selector, text),
  select: ({ selector, value }) => page.selectOption(selector, value),
  press: ({ key }) => page.keyboard.press(key),
  screenshot: ({ path, whole = false }) => page.screenshot({ path, fullPage: whole }).then(() => path),
  scheme: ({ scheme }) => page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" }),
  trace: () => browser.startTracing(page, { categories: ["toplevel", "devtools.timeline", "disabled-by-default-devtools.timeline"] }),
  // Milliseconds of CPU that the longest task of the page's main thread took since trace.
  async longest() {
    const { traceEvents } = JSON.parse((await browser.stopTracing()).toString());
    const mains = new Set(traceEvents.filter(({ name, args }) => name === "thread_name" && args.name === "CrRendererMain")
      .map(({ pid, tid }) => `${pid} ${tid}`));
    const tasks = traceEvents.filter(({ name, tdur, pid, tid }) => /RunTask$/.test(name) && tdur && mains.has(`${pid} ${tid}`));
    return { tasks: tasks.length, milliseconds: Math.max(0, ...tasks.map(({ tdur }) => tdur / 1000)) };
  },
  complaints: async () => [...complaints, ...(await page.evaluate("window.violations ?? []"))],
  requests: () => requests,
  async axe() {
    // Not by the page's own policy: it is the test that looks in.
    const session = await context.newCDPSession(page);
    await session.send("Runtime.evaluate", { expression: AXE });
    const { result } = await session.send("Runtime.evaluate", {
      expression: "axe.run().then(({violations}) => violations.map((v) => ({id: v.id, impact: v.impact, nodes: v.nodes.map((n) => n.html + ' ' + n.failureSummary)})))",
      awaitPromise: true, returnByValue: true,
    });
    return result.value;
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { action, ...details } = JSON.parse(line);
  try {
    const result = await actions[action](details);
    process.stdout.write(`${JSON.stringify({ result: result ?? null })}\n`);
  } catch (error) {
    process.stdout.write(`${JSON.stringify({ error: String(error.stack) })}\n`);
  }
}
await browser.close();
