// Sets the theme before the first paint, so that nothing flashes.

const chosen = localStorage.getItem("trimtab-theme");
if (chosen === "light" || chosen === "dark") document.documentElement.dataset["theme"] = chosen;
