package plugin

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/tickscope/tickscope/grafana-plugin/pkg/tickscope"
)

// The answers under testdata/api are a real Tickscope's, on its simulator. `go test ./pkg/plugin -update` writes what
// the frames are now; look at the difference before committing it.
var update = flag.Bool("update", false, "write testdata/frames")

func recordings() map[string]string {
	return map[string]string{
		"/api/quote":         "quote",
		"/api/depth":         "depth",
		"/api/depth/spread":  "spread",
		"/api/ticks":         "ticks",
		"/api/vix":           "vix",
		"/api/vix/regime":    "regime",
		"/api/chain":         "chain",
		"/api/movers":        "movers",
		"/api/breadth":       "breadth",
		"/api/volatility":    "volatility",
		"/api/oi/buildup":    "buildup",
		"/api/completeness":  "completeness",
		"/api/gaps":          "gaps",
		"/api/events":        "events",
		"/api/candles/batch": "candles",
	}
}

// recorded answers as the Tickscope did that testdata/api was taken from; names override which file a path has.
func recorded(t *testing.T, names map[string]string) *Datasource {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := names[r.URL.Path]
		if name == "" {
			name = recordings()[r.URL.Path]
		}
		body, err := os.ReadFile(filepath.Join("testdata", "api", name+".json"))
		if err != nil {
			t.Errorf("%s %s is not recorded", r.Method, r.URL)
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		_, _ = w.Write(body)
	}))
	t.Cleanup(server.Close)
	client, err := tickscope.New(tickscope.Options{URL: server.URL, Timeout: 5 * time.Second, HTTP: server.Client()})
	if err != nil {
		t.Fatal(err)
	}
	source := newDatasource("uid", client, recordedAt)
	t.Cleanup(source.Dispose)
	return source
}

func recordedAt() time.Time { return time.Date(2026, 11, 21, 14, 26, 0, 0, time.UTC) }

func ask(source *Datasource, model string, headers map[string]string) backend.DataResponse {
	response, err := source.QueryData(context.Background(), &backend.QueryDataRequest{
		Headers: headers,
		Queries: []backend.DataQuery{{
			RefID: "A", JSON: []byte(model), Interval: time.Minute, MaxDataPoints: 500,
			TimeRange: backend.TimeRange{From: recordedAt().Add(-time.Hour), To: recordedAt()},
		}},
	})
	if err != nil {
		return backend.DataResponse{Error: err}
	}
	return response.Responses["A"]
}

func TestFramesOfRecordedAnswers(t *testing.T) {
	for name, golden := range map[string]struct {
		model string
		files map[string]string
		alert bool
	}{
		"candles":            {model: `{"instruments":["NSE:INFY","NSE:NIFTY 50","NSE:INFYY"],"interval":"1m","stream":true}`},
		"candles-close":      {model: `{"instruments":["NSE:INFY","NSE:NIFTY 50"],"field":"close"}`},
		"candles-alert":      {model: `{"instruments":["NSE:INFY","NSE:NIFTY 50"]}`, alert: true},
		"candles-holes":      {model: `{"instruments":["NSE:INFY"],"interval":"1h","heal":false}`, files: map[string]string{"/api/candles/batch": "candles-holes"}},
		"ticks-quote":        {model: `{"queryType":"ticks","instruments":["NSE:INFY","NSE:NIFTY 50"],"stream":true}`},
		"ticks-quote-alert":  {model: `{"queryType":"ticks","instruments":["NSE:INFY","NSE:NIFTY 50"]}`, alert: true},
		"ticks-history":      {model: `{"queryType":"ticks","view":"history","instruments":["NSE:INFY"]}`},
		"depth-ladder":       {model: `{"queryType":"depth","instruments":["NSE:INFY"],"stream":true}`},
		"depth-spread":       {model: `{"queryType":"depth","view":"spread","instruments":["NSE:INFY"]}`},
		"vix-series":         {model: `{"queryType":"vix"}`},
		"vix-regimes":        {model: `{"queryType":"vix","view":"regimes"}`},
		"vix-now":            {model: `{"queryType":"vix","view":"now"}`},
		"chain-matrix":       {model: `{"queryType":"chain","underlying":"NIFTY","strikes":"1"}`},
		"chain-oi-alert":     {model: `{"queryType":"chain","underlying":"NIFTY","view":"oi"}`, alert: true},
		"chain-summary":      {model: `{"queryType":"chain","underlying":"NIFTY","view":"summary"}`},
		"movers":             {model: `{"queryType":"movers"}`},
		"movers-breadth":     {model: `{"queryType":"movers","view":"breadth"}`},
		"movers-volatility":  {model: `{"queryType":"movers","view":"volatility"}`},
		"movers-buildup":     {model: `{"queryType":"movers","view":"buildup"}`},
		"quality":            {model: `{"queryType":"quality"}`},
		"quality-day":        {model: `{"queryType":"quality","field":"day"}`},
		"quality-holes":      {model: `{"queryType":"quality","view":"holes"}`},
		"events-annotations": {model: `{"queryType":"events"}`},
	} {
		t.Run(name, func(t *testing.T) {
			headers := map[string]string{}
			if golden.alert {
				headers["FromAlert"] = "true"
			}
			answer := ask(recorded(t, golden.files), golden.model, headers)
			if answer.Error != nil {
				t.Fatal(answer.Error)
			}
			compare(t, name, answer)
		})
	}
}

func compare(t *testing.T, name string, answer backend.DataResponse) {
	t.Helper()
	raw, err := json.Marshal(answer.Frames)
	if err != nil {
		t.Fatal(err)
	}
	got := indented(t, raw)
	path := filepath.Join("testdata", "frames", name+".json")
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// Whoever formats the repository may lay the file out otherwise: only what it says counts.
	if want = indented(t, want); !bytes.Equal(want, got) {
		t.Errorf("the frames are not %s any more:\n%s", path, firstDifference(string(want), string(got)))
	}
}

func indented(t *testing.T, document []byte) []byte {
	t.Helper()
	var said any
	if err := json.Unmarshal(document, &said); err != nil {
		t.Fatal(err)
	}
	pretty, err := json.MarshalIndent(said, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(pretty, '\n')
}

func firstDifference(want, got string) string {
	wanted, found := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(wanted), len(found)) {
		if wanted[i] != found[i] {
			return "- " + wanted[i] + "\n+ " + found[i]
		}
	}
	return "one is longer"
}
