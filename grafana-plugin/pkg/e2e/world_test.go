// Package e2e starts the built back end and speaks to it exactly as Grafana does, against a real Tickscope on its
// simulator.
package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/tickscope/tickscope/grafana-plugin/pkg/harness"
)

const (
	adminToken = "e2e-admin-token"
	readToken  = "e2e-read-token"
	infy       = "NSE:INFY"
	infyToken  = 408065
	nifty      = "NSE:NIFTY 50"
)

type world struct {
	root     string
	service  *harness.Service
	backend  *harness.Backend
	settings harness.Settings
}

// TestBackEnd starts everything once: an embedded database and a seeded market take seconds.
func TestBackEnd(t *testing.T) {
	w := newWorld(t)
	t.Run("health is OK and names version, origin and feed", w.healthy)
	t.Run("each wrong setting gets a sentence that says what to do", w.wrongSettings)
	t.Run("candles equal the API's rows, one frame an instrument", w.candlesEqualRows)
	t.Run("an interval that is auto fits the panel", w.autoInterval)
	t.Run("holes are in meta and in a notice", w.holesShow)
	t.Run("open interest equals the API's", w.openInterestEqualsRows)
	t.Run("quotes and the ladder equal the API's", w.quotesAndLadder)
	t.Run("every query type and view answers with its fields", w.everyView)
	t.Run("an alert rule gets one labelled number an instrument", w.alertFrames)
	t.Run("what is empty, unresolved or unknown is a notice, and an error for a rule", w.notices)
	t.Run("several queries at once answer each for itself", w.manyAtOnce)
	t.Run("resources answer editors and variables", w.resources)
	t.Run("metrics are collected", w.metrics)
	t.Run("channels that do not exist are refused and nobody may publish", w.refusedChannels)
	t.Run("streams share one socket, keep the query's fields and 10 a second, and survive a restart", w.streams)
	t.Run("the token is never written to the log", w.tokenStaysSecret)
}

func newWorld(t *testing.T) *world {
	t.Helper()
	module, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	w := &world{root: filepath.Dir(module)}
	w.service, err = harness.StartService(t.Context(), w.root, "TICKSCOPE_TOKEN="+adminToken, "TICKSCOPE_READ_TOKEN="+readToken)
	if errors.Is(err, harness.ErrNotBuilt) && os.Getenv("CI") != "true" {
		fmt.Fprintln(os.Stderr, "SKIPPED: the back end was NOT tested against a real Tickscope:", err)
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.service.Remove)
	binary := filepath.Join(t.TempDir(), "gpx_tickscope_market")
	if err := harness.Build(t.Context(), module, binary); err != nil {
		t.Fatal(err)
	}
	if w.backend, err = harness.StartBackend(binary); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.backend.Stop)
	w.settings = harness.Settings{URL: w.service.URL, Token: readToken}
	return w
}

// api asks Tickscope directly.
func (w *world) api(t *testing.T, path string, into any) {
	t.Helper()
	if err := json.Unmarshal(w.get(t, path), into); err != nil {
		t.Fatalf("GET %s: %v", path, err)
	}
}

func (w *world) get(t *testing.T, path string) []byte {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.service.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+readToken)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("GET %s answered %d (%v)", path, response.StatusCode, err)
	}
	return body
}

type model map[string]any

// window is a closed range of minutes that no tick can change any more.
func window() (from, to time.Time) {
	to = time.Now().Add(-10 * time.Minute).Truncate(time.Minute)
	return to.Add(-40 * time.Minute), to
}

// ask puts one query of a panel over a closed window.
func (w *world) ask(t *testing.T, query model) backend.DataResponse {
	t.Helper()
	from, to := window()
	return w.askIn(t, query, from, to, nil)
}

func (w *world) askIn(t *testing.T, query model, from, to time.Time, headers map[string]string) backend.DataResponse {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	responses, err := w.backend.Query(ctx, w.settings, harness.Ask{
		From: from, To: to, Interval: 10 * time.Second, MaxDataPoints: 800, Headers: headers,
		Queries: map[string]any{"A": query},
	})
	if err != nil {
		t.Fatal(err)
	}
	return responses["A"]
}

// frames of a query that must answer.
func (w *world) frames(t *testing.T, query model) data.Frames {
	t.Helper()
	answer := w.ask(t, query)
	if answer.Error != nil {
		t.Fatalf("%v: %v", query, answer.Error)
	}
	return answer.Frames
}

func names(frame *data.Frame) []string {
	list := make([]string, len(frame.Fields))
	for i, field := range frame.Fields {
		list[i] = field.Name
	}
	return list
}

func noticeTexts(frames data.Frames) string {
	text := ""
	for _, frame := range frames {
		if frame.Meta != nil {
			for _, notice := range frame.Meta.Notices {
				text += notice.Severity.String() + ": " + notice.Text + "\n"
			}
		}
	}
	return text
}

// cell is a value of a frame as the API writes it: numbers as float64, times as text, nil for null.
func cell(field *data.Field, row int) any {
	value, ok := field.ConcreteAt(row)
	if !ok {
		return nil
	}
	switch concrete := value.(type) {
	case time.Time:
		return concrete.UTC().Format("2006-01-02T15:04:05.000Z")
	case int64:
		return float64(concrete)
	default:
		return concrete
	}
}
