import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./App";
import { ApiClient } from "./api";
import { SessionProvider } from "./session";
import "./styles/base.css";
import "./styles/parts.css";
import "./styles/live.css";
import "./styles/pages.css";
import "./styles/scene.css";
import "./styles/traffic.css";

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no element with the id 'root'.");
createRoot(root).render(
  <StrictMode>
    <SessionProvider api={new ApiClient()}>
      <App />
    </SessionProvider>
  </StrictMode>,
);
