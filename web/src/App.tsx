import { CameraPage } from "./pages/CameraPage";
import { EventsPage } from "./pages/EventsPage";
import { IncidentsPage } from "./pages/IncidentsPage";
import { LivePage } from "./pages/LivePage";
import { LoginPage } from "./pages/LoginPage";
import { ModelsPage } from "./pages/ModelsPage";
import { PasswordPage } from "./pages/PasswordPage";
import { PlaybackPage } from "./pages/PlaybackPage";
import { ScenePage } from "./pages/ScenePage";
import { StoragePage } from "./pages/StoragePage";
import { SystemPage } from "./pages/SystemPage";
import { TrafficPage } from "./pages/TrafficPage";
import type { Route } from "./router";
import { parseRoute, useHash } from "./router";
import { useSession } from "./session";
import { text } from "./text";
import { Header } from "./ui/Header";
import { ErrorNote, Loading } from "./ui/parts";

export function App() {
  const { standing, refresh } = useSession();
  const route = parseRoute(useHash());
  switch (standing.kind) {
    case "asking":
      return (
        <main className="gate">
          <Loading />
        </main>
      );
    case "unreachable":
      return (
        <main className="gate">
          <ErrorNote message={standing.message} onRetry={() => void refresh()} />
        </main>
      );
    case "out":
      return <LoginPage />;
    case "in": {
      const { user, must_change_password: mustChange } = standing.session;
      if (mustChange) return <PasswordPage forced username={user.username} />;
      return (
        <>
          {/* A link would change the address's fragment, which is the route. */}
          <button type="button" className="skip" onClick={skipToContent}>
            {text.skipToContent}
          </button>
          <Header user={user} page={route.page} />
          <main id="content" tabIndex={-1} className="content">
            <CurrentPage route={route} username={user.username} />
          </main>
        </>
      );
    }
  }
}

function CurrentPage({ route, username }: { route: Route; username: string }) {
  switch (route.page) {
    case "live":
      return <LivePage />;
    case "camera":
      return <CameraPage key={route.cameraId} cameraId={route.cameraId} />;
    case "scene":
      return <ScenePage key={route.cameraId} cameraId={route.cameraId} />;
    case "playback":
      return <PlaybackPage params={route.params} />;
    case "traffic":
      return <TrafficPage params={route.params} />;
    case "incidents":
      return <IncidentsPage params={route.params} />;
    case "events":
      return <EventsPage params={route.params} />;
    case "models":
      return <ModelsPage />;
    case "storage":
      return <StoragePage />;
    case "system":
      return <SystemPage />;
    case "password":
      return <PasswordPage forced={false} username={username} />;
  }
}

function skipToContent(): void {
  document.getElementById("content")?.focus();
}
