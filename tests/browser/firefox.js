// What a person does in Firefox, driven by WebDriver BiDi; what was seen is told as JSON.

const puppeteer = require("puppeteer-core");

const { FIREFOX, SPK, EMAIL, PASSWORD, PAGE } = process.env;
const options = {
  browser: "firefox",
  executablePath: FIREFOX,
  // Found on this machine, and yet not trusted: so there is no clipboard API, as on plain http in a local network.
  extraPrefsFirefox: { "network.dns.localDomains": "spk.lan" },
};

async function main() {
  const browser = await puppeteer.launch(options);
  const told = { errors: [] };
  try {
    const page = await browser.newPage();
    page.on("console", (message) => message.type() === "error" && told.errors.push(message.text()));
    page.on("pageerror", (error) => told.errors.push(String(error)));
    await keys(page, told);
    await publicPage(page, told);
  } finally {
    await browser.close();
  }
  console.log(JSON.stringify(told));
}

const press = (page, name) => page.locator(`::-p-xpath(//button[normalize-space()="${name}"])`).click();
const see = (page, words) => page.waitForSelector(`::-p-text(${words})`, { visible: true });
const isOpen = (page) => page.evaluate(() => document.querySelector("dialog:modal") !== null);
const focused = (page) => page.evaluate(() => document.activeElement.id || document.activeElement.textContent.trim());

async function keys(page, told) {
  await page.goto(`${SPK}/login`);
  await page.locator("[name=email]").fill(EMAIL);
  await page.locator("[name=password]").fill(PASSWORD);
  await Promise.all([page.waitForNavigation(), press(page, "Sign in")]);
  told.signedIn = page.url();
  told.hasClipboard = await page.evaluate(() => navigator.clipboard !== undefined);

  await page.locator("[name=name]").fill("CI");
  await press(page, "Create API Key");
  await page.waitForSelector("#token-dialog:modal");
  told.token = await page.$eval("#token", (token) => token.value);
  told.focusedAtFirst = await focused(page);
  await page.keyboard.press("Escape");
  told.guarded = (await isOpen(page)) && (await page.$eval("#token-guard", (guard) => guard.textContent));

  await press(page, "Copy token");
  await see(page, "Copied to the clipboard.");
  await press(page, "Close");
  await page.waitForFunction(() => !document.querySelector("dialog"));
  told.pasted = await paste(page);

  await press(page, "Revoke CI");
  await page.waitForSelector("#revoke-dialog:modal");
  told.focusedInRevoke = await focused(page);
  await page.keyboard.press("Escape");
  await page.waitForFunction(() => !document.querySelector("dialog:modal"));
  told.afterEscape = await page.$eval(`#key-${told.token.slice(0, 12)}`, (row) => row.textContent.includes("Active"));
  await press(page, "Revoke CI");
  await press(page, "Revoke key");
  await see(page, "“CI” was revoked.");
  told.row = await page.$eval(`#key-${told.token.slice(0, 12)}`, (row) => row.textContent);
}

async function paste(page) {
  await page.focus("[name=name]");
  await page.keyboard.down("Control");
  await page.keyboard.press("v");
  await page.keyboard.up("Control");
  return page.$eval("[name=name]", (field) => field.value);
}

async function publicPage(page, told) {
  await page.goto(`${SPK}${PAGE}`);
  told.banner = await page.$eval("[role=status]", (banner) => banner.textContent.trim());
  told.times = await page.$$eval("main time[data-ago]", (times) => times.length);
  told.isFolded = await page.$eval("details", (group) => !group.open);
  await page.click("details > summary");
  told.unfolded = await page.$eval("details li", (row) => row.getBoundingClientRect().height > 0);
  told.wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  await page.setViewport({ width: 360, height: 640 });
  told.narrow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
}

main();
