/* At the door: the device's own clock and kind, and its place once the one who signs agreed to it. */
(function () {
  "use strict";
  var form = document.getElementById("door");
  if (!form) return;
  var pad = document.getElementById("pad"), pointer = "";
  if (pad) pad.addEventListener("pointerdown", function (event) { pointer = event.pointerType || ""; });
  form.addEventListener("submit", function () {
    form.elements.client_ms.value = Date.now();
    form.elements.device.value = [screen.width + "x" + screen.height, window.devicePixelRatio || 1, pointer].join(" ");
  });
  var agreed = form.elements.with_place, told = document.getElementById("place-told");
  if (!navigator.geolocation) { agreed.disabled = true; return; }
  agreed.addEventListener("change", function () {
    form.elements.place.value = "";
    told.textContent = "";
    if (!agreed.checked) return;
    navigator.geolocation.getCurrentPosition(function (found) {
      var c = found.coords;
      form.elements.place.value = [c.latitude.toFixed(6), c.longitude.toFixed(6), Math.round(c.accuracy)].join(",");
      told.textContent = told.dataset.found;
    }, function () { told.textContent = told.dataset.lost; }, { enableHighAccuracy: true, timeout: 15000 });
  });
})();
