// Leaves a page whose visitor was signed out elsewhere. A hidden page does not listen, because browsers open few
// connections to one host; it asks as soon as it is seen again.
"use strict";
let events;

function listen() {
  events?.close();
  if (document.visibilityState === "hidden") return;
  events = new EventSource("/live");
  events.addEventListener("signed-out", () => {
    events.close();
    location.replace("/signed-out");
  });
}

document.addEventListener("visibilitychange", listen);
listen();
