// Gives each frame that shows a mail the height of what is in it. The frame itself stays as it is, without an origin: what is measured
// is a copy beside it, for a moment, which may be looked into but holds neither scripts nor links that work. Without this, the page
// keeps the heights that were estimated for it.
const MOST_PIXELS = 30000;
const QUIET_MS = 100;
const measuredWidths = new WeakMap();

function fit(frame) {
  const copy = document.createElement('iframe');
  copy.setAttribute('sandbox', 'allow-same-origin');
  copy.setAttribute('scrolling', 'no');
  copy.setAttribute('aria-hidden', 'true');
  copy.referrerPolicy = 'no-referrer';
  copy.tabIndex = -1;
  copy.className = 'copy';
  copy.style.width = `${frame.clientWidth}px`;
  copy.addEventListener('load', () => {
    const content = copy.contentDocument?.documentElement;
    if (content) {
      const scrollbar = content.scrollWidth > content.clientWidth ? 20 : 0;
      frame.style.height = `${Math.min(content.scrollHeight, MOST_PIXELS) + scrollbar}px`;
      frame.classList.add('fitted');
    }
    copy.remove();
  });
  copy.srcdoc = frame.srcdoc;
  frame.after(copy);
}

const sizes = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    const width = target.clientWidth;
    if (width === 0 || measuredWidths.get(target) === width) continue;
    measuredWidths.set(target, width);
    setTimeout(() => {
      if (target.clientWidth === width) fit(target);
    }, QUIET_MS);
  }
});
for (const frame of document.querySelectorAll('.message iframe')) sizes.observe(frame);

// From here on this page is asked for by GET: Reload and Back lead to the page of the next step, where a browser would otherwise ask
// whether to send the form again. A browser that keeps whole pages for Back keeps this one empty, and asks anew.
history.replaceState(null, '', location.href);
addEventListener('pagehide', () => document.querySelector('main').replaceChildren());
addEventListener('pageshow', ({ persisted }) => persisted && location.reload());
