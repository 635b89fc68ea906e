package tickscope

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func clientOf(t *testing.T, handler http.HandlerFunc) *Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	client, err := New(Options{URL: server.URL + "/", Token: "secret-token", Timeout: 5 * time.Second, HTTP: server.Client()})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func answering(status int, kind, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

func TestEveryRefusalSaysWhatToDo(t *testing.T) {
	const kind = "application/json; charset=utf-8"
	for name, answer := range map[string]struct {
		handler http.HandlerFunc
		kind    Kind
		says    string
	}{
		"a wrong token":          {answering(401, kind, `{"error":{"code":"unauthorized","message":"The token is not valid."}}`), KindUnauthorized, "TICKSCOPE_READ_TOKEN"},
		"a read token":           {answering(403, kind, `{"error":{"code":"forbidden","message":"This needs TICKSCOPE_TOKEN."}}`), KindForbidden, "does not allow this"},
		"an unknown instrument":  {answering(404, kind, `{"error":{"code":"unknown_instrument","message":"There is no instrument \"X\"."}}`), KindAPI, "There is no instrument"},
		"an endpoint too new":    {answering(404, kind, `{"error":{"code":"not_found","message":"There is no GET."}}`), KindTooOld, "Update Tickscope"},
		"too many requests":      {answering(429, kind, `{"error":{"code":"too_many_requests","message":"More than 10."}}`), KindAPI, "Refresh the dashboard less often"},
		"a page":                 {answering(200, "text/html", `<html>`), KindNotTickscope, "is not Tickscope"},
		"a page with an error":   {answering(404, "text/html", `<html>`), KindNotTickscope, "Correct the URL"},
		"a proxy":                {answering(502, "text/html", `Bad gateway`), KindNotTickscope, "A proxy answers"},
		"JSON of something else": {answering(500, kind, `{"message":"x"}`), KindNotTickscope, "is not Tickscope"},
		"an unknown shape":       {answering(200, kind, `{"version":{}}`), KindNotTickscope, "of the same version"},
		"half an answer":         {answering(200, kind, `{"version":"0.1`), KindNotTickscope, "in a shape"},
	} {
		_, err := clientOf(t, answer.handler).Status(t.Context())
		var known *Error
		if !errors.As(err, &known) || known.Kind != answer.kind || !strings.Contains(known.Message, answer.says) {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && strings.Contains(err.Error(), "secret-token") {
			t.Errorf("%s: the token is in the sentence", name)
		}
	}
}

func TestTheTokenTravelsInTheHeaderOnly(t *testing.T) {
	client := clientOf(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer secret-token" || strings.Contains(r.URL.String(), "secret") {
			t.Errorf("%v %v", r.URL, r.Header)
		}
		answering(200, "application/json", `{}`)(w, r)
	})
	if _, err := client.Status(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestWhoeverGoesAwayEndsTheRequest(t *testing.T) {
	client := clientOf(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	if _, err := client.Status(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 3*time.Second {
		t.Errorf("%v after %s", err, time.Since(began))
	}
}

func TestAddressesAreTakenAsPeopleWriteThem(t *testing.T) {
	for text, root := range map[string]string{
		"http://localhost:8000":           "http://localhost:8000",
		" http://localhost:8000/ ":        "http://localhost:8000",
		"https://desk.example/tickscope/": "https://desk.example/tickscope",
		"http://localhost:8000/api":       "http://localhost:8000",
		"http://me:pass@localhost:8000":   "http://me:xxxxx@localhost:8000",
		"":                                "",
		"localhost:8000":                  "",
		"ftp://localhost":                 "",
		"http://":                         "",
	} {
		client, err := New(Options{URL: text})
		if root == "" && err == nil {
			t.Errorf("%q was taken", text)
		} else if root != "" && (err != nil || client.Root() != root) {
			t.Errorf("%q: %v", text, err)
		}
	}
}
