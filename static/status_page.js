// A status page renews itself once a minute. No htmx attribute is acted on here, and nothing is evaluated.

function refuse() {
  throw new TypeError("Nothing is evaluated on a status page.");
}

htmx.registerExtension("status-page", {
  init(api) {
    const policy = window.trustedTypes?.createPolicy("htmx", { createHTML: (html) => html });
    api.initSecurity(policy, refuse, refuse);
  },
  htmx_before_init: () => false,
  htmx_before_on_init: () => false,
});

// Morphed in place, so that focus and scroll position are kept.
const renew = () => htmx.ajax("GET", location.pathname, { target: "#status", select: "#status", swap: "outerMorph" });
if (document.getElementById("status")) setInterval(renew, 60_000);
