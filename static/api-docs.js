// Shows the API's OpenAPI document with Swagger UI, under our Content-Security-Policy.

// Swagger UI gives React the HTML that DOMPurify has cleaned as a plain string, which Trusted Types refuse. This policy
// lets only the tags of Markdown through; it makes no scripts, so those sinks stay shut.
const tags = "p|h[1-6]|em|strong|code|pre|table|thead|tbody|tr|th|td|ul|ol|li|a|br|hr|blockquote|del|div|span";
const others = new RegExp(`<(?!/?(?:${tags})[\\s/>])`, "gi");
window.trustedTypes?.createPolicy("default", { createHTML: (html) => html.replace(others, "&lt;") });

const dark = matchMedia("(prefers-color-scheme: dark)");
const paint = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", paint);
paint();

// The examples are of the reader's own page, which the link that led here names.
const page = new URLSearchParams(location.search).get("page");
function withPage({ url, text }) {
  if (!url.endsWith("/openapi.json") || !/^[a-z0-9-]{1,80}$/.test(page ?? "")) return text;
  const document = JSON.parse(text);
  const calls = Object.values(document.paths).flatMap((methods) => Object.values(methods));
  for (const parameter of calls.flatMap((call) => call.parameters)) {
    if (parameter.name === "page" && parameter.in === "path") parameter.example = page;
  }
  return JSON.stringify(document);
}

const root = document.getElementById("swagger-ui");
SwaggerUIBundle({
  url: root.dataset.url,
  domNode: root,
  layout: "BaseLayout",
  presets: [SwaggerUIBundle.presets.apis],
  deepLinking: true,
  defaultModelsExpandDepth: -1,
  validatorUrl: null, // asks no other server
  persistAuthorization: false, // a token is never stored in the browser
  queryConfigEnabled: false, // nor is another document shown because a link says so
  responseInterceptor: (response) => Object.assign(response, { text: withPage(response) }),
  requestInterceptor: (request) => Object.assign(request, { credentials: "omit" }),
});

// It leaves some selects and toggles without a name for screen readers.
new MutationObserver(() => {
  for (const select of root.querySelectorAll("select:not([aria-label])")) {
    if (!select.labels.length) select.setAttribute("aria-label", select.closest("[data-param-name]")?.dataset.paramName ?? "Choice");
  }
  for (const toggle of root.querySelectorAll("button.json-schema-2020-12-accordion:not([aria-label])")) {
    if (!toggle.textContent.trim()) toggle.setAttribute("aria-label", "Schema");
  }
}).observe(root, { childList: true, subtree: true });
