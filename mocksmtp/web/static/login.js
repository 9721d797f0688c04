// A token for a cookie that no script can read; then the page that asked for it is shown.
"use strict";

const form = document.getElementById("login");
const wrong = document.getElementById("wrong");
const token = document.getElementById("token");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  wrong.textContent = "";
  let told;
  try {
    const answer = await fetch("/v1/login", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      credentials: "same-origin",
      body: JSON.stringify({ token: token.value }),
    });
    if (answer.ok) {
      if (location.pathname === "/login") location.assign("/");
      else location.reload();
      return;
    }
    told = (await answer.json()).detail;
  } catch {
    told = "The server does not answer.";
  }
  wrong.textContent = told;
  token.select();
});
