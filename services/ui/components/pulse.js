// Tells the page that it is time to look again: every so often, and only while it is seen.

const LOOK_MS = 500;

function pulseOf(parentElement) {
  const found = parentElement.querySelector(".pulse");
  if (found) return found;
  const made = element("span", "pulse", parentElement);
  made.hidden = true;
  made.last = performance.now();
  made.timer = setInterval(() => {
    // A page that was hidden for long is overdue: it looks as soon as it is seen again.
    if (document.hidden || isUnderWay() || performance.now() - made.last < made.every) return;
    made.last = performance.now();
    made.beat();
  }, LOOK_MS);
  return made;
}

export default function ({ data, parentElement, setTriggerValue }) {
  const pulse = pulseOf(parentElement);
  if (isNews(pulse, data.revision)) {
    pulse.every = data.every_ms;
    pulse.beat = () => setTriggerValue("beat", Date.now());
  }
  return () => clearInterval(pulse.timer);
}
