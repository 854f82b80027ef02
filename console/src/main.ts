import { createApp } from "vue";
import App from "./App.vue";
import { library } from "./library";
import { router } from "./router";
import { begin } from "./session";
import { lang, setLang } from "./words";
import "./look.css";

setLang(lang.value);
await begin();
createApp(App).use(router).use(library).mount("#app");
