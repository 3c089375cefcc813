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

// The mock takes a partner's token wherever the contract wants one: as bearer or as API key.
function authorization(name, schema, token) {
  const isBearer = schema.type === "http" && (schema.scheme || "").toLowerCase() === "bearer";
  if (isBearer || schema.type === "apiKey") return { name, schema, value: token };
  if (schema.type === "oauth2" || schema.type === "openIdConnect")
    return { name, schema, token: { access_token: token, token_type: "Bearer" } };
  return null;
}

async function fillIn(system) {
  const token = await accessToken();
  const schemes = system.specSelectors.securityDefinitions();
  if (!token || !schemes) return;
  for (const [name, schema] of Object.entries(schemes.toJS())) {
    const filled = authorization(name, schema, token);
    if (filled) system.authActions.authorize({ [name]: filled });
  }
  place.dataset.filledIn = "";
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

const system = SwaggerUIBundle({
  url: place.dataset.document,
  dom_id: "#reference",
  deepLinking: true,
  tryItOutEnabled: true,
  displayRequestDuration: true,
  // It would send the contract to a server elsewhere.
  validatorUrl: null,
  onComplete: () => fillIn(system.getSystem()),
});
