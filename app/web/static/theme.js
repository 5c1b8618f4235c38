/* Runs before the first paint: "auto" follows the machine. Without script the page stays light. */
(function () {
  "use strict";
  var root = document.documentElement;
  root.classList.add("js");
  if (root.getAttribute("data-theme") !== "auto" || !window.matchMedia) return;
  var dark = window.matchMedia("(prefers-color-scheme: dark)");
  function apply() { root.setAttribute("data-bs-theme", dark.matches ? "dark" : "light"); }
  apply();
  if (dark.addEventListener) dark.addEventListener("change", apply);
})();
