/** Who is logged in, and the API client that goes with it. */

import type { ReactNode } from "react";
import {
  createContext,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import type { Session, User } from "./api";
import { type ApiClient, ApiError } from "./api";

type Standing =
  | { kind: "asking" }
  | { kind: "unreachable"; message: string }
  | { kind: "out" }
  | { kind: "in"; session: Session };

interface SessionValue {
  api: ApiClient;
  standing: Standing;
  login(username: string, password: string): Promise<void>;
  changePassword(current: string, next: string): Promise<void>;
  logout(): Promise<void>;
  /** Asks the server again who we are. */
  refresh(): Promise<void>;
}

const SessionContext = createContext<SessionValue | null>(null);

export function SessionProvider({ api, children }: { api: ApiClient; children: ReactNode }) {
  const [standing, setStanding] = useState<Standing>({ kind: "asking" });

  const asking = useRef<Promise<void> | null>(null);

  const ask = useCallback(async () => {
    try {
      const session = await api.me();
      setStanding((before) =>
        before.kind === "in" && sameSession(before.session, session)
          ? before
          : { kind: "in", session },
      );
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) return setStanding({ kind: "out" });
      const message = error instanceof Error ? error.message : "";
      // A hiccup of the server is no reason to throw someone out.
      setStanding((before) => (before.kind === "in" ? before : { kind: "unreachable", message }));
    }
  }, [api]);

  /** Many cameras may want to know at once; one question is enough. */
  const refresh = useCallback(() => {
    asking.current ??= ask().finally(() => {
      asking.current = null;
    });
    return asking.current;
  }, [ask]);

  useEffect(() => {
    api.onUnauthorized = () => setStanding({ kind: "out" });
    api.onPasswordDue = () => void refresh();
    void refresh();
  }, [api, refresh]);

  const value = useMemo<SessionValue>(
    () => ({
      api,
      standing,
      refresh,
      login: async (username, password) =>
        setStanding({ kind: "in", session: await api.login(username, password) }),
      changePassword: async (current, next) =>
        setStanding({ kind: "in", session: await api.changePassword(current, next) }),
      logout: async () => {
        try {
          await api.logout();
        } finally {
          setStanding({ kind: "out" });
        }
      },
    }),
    [api, standing, refresh],
  );
  return <SessionContext value={value}>{children}</SessionContext>;
}

const sameSession = (a: Session, b: Session): boolean =>
  a.user.username === b.user.username &&
  a.user.role === b.user.role &&
  a.must_change_password === b.must_change_password;

export function useSession(): SessionValue {
  const value = useContext(SessionContext);
  if (value === null) throw new Error("useSession is used outside SessionProvider.");
  return value;
}

/** Who is logged in; only on pages that are shown to no one else. */
export function useUser(): User {
  const { standing } = useSession();
  return standing.kind === "in" ? standing.session.user : { username: "", role: "viewer" };
}

export const useApi = (): ApiClient => useSession().api;
