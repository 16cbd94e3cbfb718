// The rooms of the sample app: it shows what window.config tells it.

const app = document.getElementById("app");
const { house, rooms, currency } = window.config;

app.innerHTML = "<h1></h1><ul></ul>";
app.querySelector("h1").textContent = `Free rooms at ${house}`;

for (const [name, price] of Object.entries(rooms)) {
  const line = document.createElement("li");
  line.textContent = `${name}: ${price} ${currency} a night`;
  app.querySelector("ul").append(line);
}
