// How long ago a time of a status page was, and what it is where its reader is: the page says it in its own zone.

const FULL = new Intl.DateTimeFormat("en-GB", { dateStyle: "full", timeStyle: "long" });
const RELATIVE = new Intl.RelativeTimeFormat("en", { numeric: "always" });
const STEPS = [["day", 86400], ["hour", 3600], ["minute", 60]]; // seconds

function ago(time) {
  const seconds = (time - Date.now()) / 1000;
  const step = STEPS.find(([, length]) => Math.abs(seconds) >= length);
  if (!step) return "just now";
  const [unit, length] = step;
  return RELATIVE.format(Math.trunc(seconds / length), unit);
}

function showTimes() {
  for (const element of document.querySelectorAll("main time[datetime]")) {
    const time = new Date(element.dateTime);
    element.dataset.here = `${FULL.format(time)}, where you are`;
    element.tabIndex = 0;
    const isRecent = Math.abs(time - Date.now()) < 14 * 86400_000;
    if (isRecent && !element.classList.contains("planned")) element.dataset.ago = ago(time);
  }
}

showTimes();
document.addEventListener("htmx:after:swap", showTimes);
setInterval(showTimes, 60_000);
