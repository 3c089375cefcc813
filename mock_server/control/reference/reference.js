"use strict";

const place = document.getElementById("reference");

// The viewer has a dark look, and leaves it to the page when to wear it.
const dark = matchMedia("(prefers-color-scheme: dark)");
const wear = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", wear);
wear();

async function accessToken() {
  const { control, partner } = place.dataset;
  if (!partner) return null;
  const path = `${control}/partners/${encodeURIComponent(partner)}/tokens`;
  const answer = await fetch(path, { method: "POST" });
  return answer.ok ? (await answer.json()).access_token : null;
}

// The mock takes a partner's token wherever the contract wants OAuth or OpenID Connect. The viewer
// would ask their servers, which are elsewhere.
function withoutServersElsewhere(contract) {
  const schemes = contract.components?.securitySchemes || {};
  for (const [name, scheme] of Object.entries(schemes))
    if (scheme.type === "oauth2" || scheme.type === "openIdConnect")
      schemes[name] = {
        type: "http",
        scheme: "bearer",
        description: `In the contract: ${scheme.type}. The mock takes a partner's token.`,
      };
  return contract;
}

function fillIn(ui, contract, token) {
  for (const [name, scheme] of Object.entries(contract.components?.securitySchemes || {})) {
    const isBearer = scheme.type === "http" && scheme.scheme.toLowerCase() === "bearer";
    if (isBearer || scheme.type === "apiKey") ui.preauthorizeApiKey(name, token);
  }
}

// What the viewer leaves without a name or at a wrong place, for those who do not see the page.
const ATTRIBUTES = {
  "#servers": { "aria-label": "Server" },
  "select.content-type": { "aria-label": "Media type" },
  "select.examples-select-element": { "aria-label": "Example" },
  "textarea.body-param__text": { "aria-label": "Request body" },
  ".information-container": { role: "region", "aria-label": "About the API" },
  ".scheme-container": { role: "region", "aria-label": "Server and authorization" },
  "h3.opblock-tag": { "aria-level": "2" },
  ".opblock h4": { "aria-level": "3" },
  ".opblock h5": { "aria-level": "4" },
  ".responses-wrapper pre": { tabindex: "0" },
};

function mend() {
  for (const [selector, attributes] of Object.entries(ATTRIBUTES))
    for (const one of place.querySelectorAll(selector))
      for (const [name, value] of Object.entries(attributes))
        if (one.getAttribute(name) !== value) one.setAttribute(name, value);
  for (const one of place.querySelectorAll(".parameters select:not([aria-label])"))
    one.setAttribute("aria-label", one.closest("[data-param-name]")?.dataset.paramName || "Value");
  for (const one of place.querySelectorAll(".responses-table:not([aria-label])"))
    one.setAttribute("aria-label", `Responses: ${one.id || "of the mock"}`);
}
new MutationObserver(mend).observe(place, { childList: true, subtree: true });

async function start() {
  const answer = await fetch(place.dataset.document);
  if (!answer.ok) {
    place.textContent = `The contract cannot be read: the mock answers ${answer.status}.`;
    return;
  }
  const [text, token] = await Promise.all([answer.json(), accessToken()]);
  const spec = withoutServersElsewhere(text);
  const ui = SwaggerUIBundle({
    spec,
    dom_id: "#reference",
    deepLinking: true,
    tryItOutEnabled: true,
    displayRequestDuration: true,
    // It would send the contract to a server elsewhere.
    validatorUrl: null,
    onComplete: () => {
      if (token) fillIn(ui, spec, token);
      place.dataset.ready = "";
    },
  });
}
start();
