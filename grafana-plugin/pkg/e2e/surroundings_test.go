package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/genproto/pluginv2"

	"github.com/tickscope/tickscope/grafana-plugin/pkg/harness"
)

func unmarshal(body []byte, into any) error { return json.Unmarshal(body, into) }

func (w *world) healthy(t *testing.T) {
	for range 50 { // the feed connects some moments after the start
		health, err := w.backend.Health(t.Context(), w.settings)
		if err != nil || health.GetStatus() != pluginv2.CheckHealthResponse_OK {
			t.Fatalf("%v %v", health, err)
		}
		if strings.Contains(health.GetMessage(), "The feed carries 500 instruments") {
			if !strings.Contains(health.GetMessage(), "SIMULATED data, simulator:1") {
				t.Errorf("it does not say that data is simulated: %q", health.GetMessage())
			}
			return
		}
		time.Sleep(200 * time.Millisecond)
	}
	t.Error("the feed is never said to carry its instruments")
}

func (w *world) wrongSettings(t *testing.T) {
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, "<html>") }))
	defer page.Close()
	silence := make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-silence }))
	defer slow.Close()
	defer close(silence)
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	defer secure.Close()
	for i, wrong := range []struct {
		settings harness.Settings
		says     string
	}{
		{harness.Settings{}, "No URL is set"},
		{harness.Settings{URL: "localhost:8000"}, "Write it with http://"},
		{harness.Settings{URL: "http://127.0.0.1:1"}, "Nothing listens at http://127.0.0.1:1. Start Tickscope"},
		{harness.Settings{URL: "http://no-such-host.invalid:8000"}, "is not known to the machine that runs Grafana"},
		{harness.Settings{URL: page.URL}, "is not Tickscope"},
		{harness.Settings{URL: slow.URL, TimeoutMs: 300}, "did not answer within 300ms"},
		{harness.Settings{URL: secure.URL}, "is not trusted"},
		{harness.Settings{URL: strings.Replace(w.service.URL, "http:", "https:", 1)}, "does not speak TLS"},
		{harness.Settings{URL: w.service.URL, Token: "wrong"}, "Set the token in the data source's settings"},
		{harness.Settings{URL: w.service.URL}, "Set the token in the data source's settings"},
	} {
		wrong.settings.Revision = i + 1
		health, err := w.backend.Health(t.Context(), wrong.settings)
		if err != nil || health.GetStatus() != pluginv2.CheckHealthResponse_ERROR || !strings.Contains(health.GetMessage(), wrong.says) {
			t.Errorf("%+v: %v %q, wanted %q", wrong.settings, err, health.GetMessage(), wrong.says)
		}
		from, to := window()
		responses, err := w.backend.Query(t.Context(), wrong.settings, harness.Ask{From: from, To: to, Queries: map[string]any{"A": model{"instruments": []string{infy}}}})
		if err != nil || responses["A"].Error == nil || !strings.Contains(responses["A"].Error.Error(), wrong.says) {
			t.Errorf("%+v: a query says %v %v", wrong.settings, responses["A"].Error, err)
		}
		status, body, err := w.backend.Resource(t.Context(), wrong.settings, "variables/exchange", "")
		if err != nil || status < 400 || !strings.Contains(string(body), `{"message":"`) {
			t.Errorf("%+v: a resource says %d %s %v", wrong.settings, status, body, err)
		}
	}
	w.settings.Revision = 1000
}

func (w *world) resources(t *testing.T) {
	for _, question := range []struct{ path, query, says string }{
		{"instruments", "search=infy", `"value":"NSE:INFY","label":"INFY","description":`},
		{"instruments", "search=nifty+ce&limit=3", `CE`},
		{"variables/exchange", "", `{"text":"NSE","value":"NSE"}`},
		{"variables/underlying", "", `{"text":"NIFTY","value":"NIFTY"}`},
		{"variables/expiry", "underlying=NIFTY", `{"text":"20`},
		{"variables/expiry", "underlying=%24underlying", `[]`},
		{"variables/expiry", "", `[]`},
		{"variables/strike", "underlying=NIFTY", `{"text":"`},
		{"variables/strike", "underlying=NONE", `[]`},
		{"variables/instrument", "search=infy&type=EQ", `{"text":"INFY","value":"NSE:INFY"}`},
		{"variables/watchlist", "", `[`},
		{"variables/origin", "", `[{"text":"SIMULATED","value":"SIMULATED"}]`},
		{"variables/future", "underlying=NSE%3ARELIANCE", `"value":"NFO:RELIANCE`},
		{"variables/future", "underlying=NONE", `[]`},
		{"variables/spot", "underlying=NIFTY", `[{"text":"NIFTY 50","value":"NSE:NIFTY 50"}]`},
		{"variables/spot", "underlying=NSE%3AINFY", `[{"text":"INFY","value":"NSE:INFY"}]`},
	} {
		status, body, err := w.backend.Resource(t.Context(), w.settings, question.path, question.query)
		if err != nil || status != http.StatusOK || !strings.Contains(string(body), question.says) {
			t.Errorf("%s?%s: %d %.200s %v; wanted %s", question.path, question.query, status, body, err, question.says)
		}
	}
	for _, wrong := range []string{"variables/nonsense", "nonsense"} {
		status, body, err := w.backend.Resource(t.Context(), w.settings, wrong, "")
		if err != nil || status < 400 || !strings.Contains(string(body), `"message":"There is no`) {
			t.Errorf("%s: %d %s %v", wrong, status, body, err)
		}
	}
}

func (w *world) metrics(t *testing.T) {
	text, err := w.backend.Metrics(t.Context())
	if err != nil || !strings.Contains(text, "go_goroutines") || !strings.Contains(text, "grpc_server_handled_total") {
		t.Errorf("%v %.200s", err, text)
	}
}

func (w *world) tokenStaysSecret(t *testing.T) {
	if log := w.backend.Log(); strings.Contains(log, readToken) || strings.Contains(log, adminToken) {
		t.Error("the log holds the token")
	} else if !strings.Contains(log, "queryData") {
		t.Error("the log holds no request, so this proves nothing")
	}
}
