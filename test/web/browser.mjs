// A headless Chromium, and what a page in it must not do.
import puppeteer from 'puppeteer-core';

// launch starts the machine's Chromium. Its sandbox does not work for root, as whom
// tests run in containers.
export const launch = () => puppeteer.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: [...(process.getuid() === 0 ? ['--no-sandbox'] : []), '--disable-dev-shm-usage', '--force-color-profile=srgb'],
});

// open opens the page, and collects in faults what no run may have: errors of scripts,
// messages of the console, violations of the content security policy, dialogs that a
// document opened, and requests to other hosts. An error that the API answers is none.
export async function open(browser, url, faults) {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  await page.setViewport({ width: 1200, height: 860 });
  page.on('pageerror', (error) => faults.push(`error: ${error}`));
  page.on('dialog', (dialog) => { faults.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  page.on('console', (said) => {
    const answered = said.text().startsWith('Failed to load resource') && said.location().url?.startsWith(`${url}/v1/`);
    if (!answered) faults.push(`console: ${said.text()} ${said.location().url}`);
  });
  page.on('request', (request) => { if (!request.url().startsWith(url)) faults.push(`request to ${request.url()}`); });
  await page.exposeFunction('reportViolation', (what) => faults.push(`policy: ${what}`));
  await page.evaluateOnNewDocument(() => {
    document.addEventListener('securitypolicyviolation', (e) => window.reportViolation(`${e.violatedDirective} ${e.blockedURI} ${e.sample}`));
  });
  await page.goto(url, { waitUntil: 'networkidle0' });
  return page;
}
