// Command bench measures what the back end adds to a candle query: the built binary is asked as Grafana asks it (gRPC
// QueryData, frames decoded from Arrow), Tickscope's API is asked for the same candles directly, in turns, by as many
// clients at once. Twice: of a running Tickscope, and of a server that gives a recorded answer of its at once, where
// nothing but the back end costs anything. One JSON object a line; `npm run bench -- plugin` in the root runs it.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sort"
	"sync"
	"time"

	"github.com/tickscope/tickscope/grafana-plugin/pkg/harness"
)

const (
	instrument = "NSE:INFY"
	rows       = 375
	limitMs    = 5
	rounds     = 6
	warmUp     = 64
	patience   = 60 * time.Second
)

// candleRequest is what the back end sends, so that both ways ask the same of Tickscope.
type candleRequest struct {
	Instruments []string `json:"instruments"`
	Interval    string   `json:"interval"`
	From        string   `json:"from"`
	To          string   `json:"to"`
	Fill        string   `json:"fill"`
	Backfill    bool     `json:"backfill"`
	Limit       int      `json:"limit"`
	WaitMs      int      `json:"wait_ms"`
}

type result struct {
	Bench      string  `json:"bench"`
	Variant    string  `json:"variant"`
	Value      float64 `json:"value"`
	Unit       string  `json:"unit"`
	Expect     string  `json:"expect"`
	Peer       string  `json:"peer"`
	PeerValue  float64 `json:"peerValue"`
	Plugin     figures `json:"plugin"`
	Direct     figures `json:"direct"`
	Rows       int     `json:"rows"`
	AtOnce     int     `json:"atOnce"`
	Requests   int     `json:"requests"`
	BodyBytes  int     `json:"bodyBytes"`
	MedianOver float64 `json:"overheadP50"`
	// CPUMs is what the back end's process used a query: it does not depend on what else the machine does.
	CPUMs float64 `json:"cpuMsPerQuery"`
}

type figures struct {
	P50       float64 `json:"p50"`
	P95       float64 `json:"p95"`
	P99       float64 `json:"p99"`
	PerSecond float64 `json:"perSecond"`
}

func main() {
	requests := flag.Int("requests", 480, "requests of each way, in all rounds")
	atOnce := flag.Int("at-once", 16, "clients")
	root := flag.String("root", "..", "the repository")
	flag.Parse()
	if err := run(context.Background(), *root, *requests, *atOnce, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, root string, requests, atOnce int, out io.Writer) error {
	root, err := filepath.Abs(root)
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "tickscope-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	binary := filepath.Join(folder, "gpx")
	if err := harness.Build(ctx, ".", binary); err != nil {
		return err
	}
	end, err := harness.StartBackend(binary)
	if err != nil {
		return err
	}
	defer end.Stop()
	service, err := harness.StartService(ctx, root)
	if err != nil {
		return err
	}
	defer service.Remove()

	from := morning(time.Now())
	span := [2]time.Time{from, from.Add(rows * time.Minute)}
	body, err := whole(ctx, service.URL, span)
	if err != nil {
		return err
	}
	recorded := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		_, _ = w.Write(body)
	}))
	defer recorded.Close()

	lines := json.NewEncoder(out)
	lines.SetEscapeHTML(false)
	for revision, against := range []struct{ name, url string }{
		{"of a running Tickscope", service.URL}, {"of a recorded answer", recorded.URL},
	} {
		// Grafana tells changed settings by when they were changed.
		of := harness.Settings{URL: against.url, Revision: revision}
		measured, err := compare(ctx, end, of, span, requests, atOnce)
		if err != nil {
			return err
		}
		measured.Variant, measured.BodyBytes = against.name, len(body)
		if err := lines.Encode(measured); err != nil {
			return err
		}
		// Beside the recorded answer nobody else shall work.
		service.Stop()
	}
	return nil
}

// morning of yesterday, 09:15 IST: past, and within the hours that every day of the simulator has.
func morning(now time.Time) time.Time {
	ist := time.FixedZone("IST", 5*3600+1800)
	y, m, d := now.In(ist).AddDate(0, 0, -1).Date()
	return time.Date(y, m, d, 9, 15, 0, 0, ist)
}

// whole asks until every minute is there: the first time Tickscope fetches them from its broker.
func whole(ctx context.Context, url string, span [2]time.Time) ([]byte, error) {
	deadline := time.Now().Add(patience)
	for {
		body, err := direct(ctx, url, span)
		if err != nil {
			return nil, err
		}
		var answer struct {
			Results []struct {
				Candles []json.RawMessage `json:"candles"`
			} `json:"results"`
		}
		if err := json.Unmarshal(body, &answer); err != nil {
			return nil, err
		}
		if len(answer.Results) == 1 && len(answer.Results[0].Candles) == rows {
			return body, nil
		}
		if time.Now().After(deadline) {
			return nil, fmt.Errorf("not all of %d candles after %s: %.300s", rows, patience, body)
		}
		time.Sleep(500 * time.Millisecond)
	}
}

// client keeps as many connections as there are clients, as a good caller of an API does.
var client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}, Timeout: time.Minute} //nolint:gochecknoglobals

func direct(ctx context.Context, url string, span [2]time.Time) ([]byte, error) {
	request := candleRequest{
		Instruments: []string{instrument}, Interval: "1m", Fill: "none", Backfill: true, Limit: 5000, WaitMs: 3000,
		From: span[0].UTC().Format(time.RFC3339), To: span[1].UTC().Format(time.RFC3339),
	}
	text, err := json.Marshal(request)
	if err != nil {
		return nil, err
	}
	post, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/api/candles/batch", bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	post.Header.Set("Content-Type", "application/json")
	response, err := client.Do(post)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %.300s", response.Status, body)
	}
	return body, err
}

func through(ctx context.Context, end *harness.Backend, of harness.Settings, span [2]time.Time) error {
	responses, err := end.Query(ctx, of, harness.Ask{
		From: span[0], To: span[1], Interval: time.Minute, MaxDataPoints: 1000,
		Queries: map[string]any{"A": map[string]any{"queryType": "candles", "instruments": []string{instrument}, "interval": "1m"}},
	})
	if err != nil {
		return err
	}
	answer := responses["A"]
	if answer.Error != nil {
		return answer.Error
	}
	if len(answer.Frames) != 1 || answer.Frames[0].Rows() != rows {
		return errors.New("the back end gave another number of rows")
	}
	return nil
}

func compare(ctx context.Context, end *harness.Backend, of harness.Settings, span [2]time.Time, requests, atOnce int) (result, error) {
	plugin := func() error { return through(ctx, end, of, span) }
	api := func() error { _, err := direct(ctx, of.URL, span); return err }
	for _, way := range []func() error{plugin, api} {
		if _, _, err := clients(way, warmUp, atOnce); err != nil {
			return result{}, err
		}
	}
	var ours, theirs []float64
	var ourTime, theirTime, cpu time.Duration
	for range rounds {
		before := end.CPU()
		ms, took, err := clients(plugin, requests/rounds, atOnce)
		if err != nil {
			return result{}, err
		}
		cpu += end.CPU() - before
		ours, ourTime = append(ours, ms...), ourTime+took
		if ms, took, err = clients(api, requests/rounds, atOnce); err != nil {
			return result{}, err
		}
		theirs, theirTime = append(theirs, ms...), theirTime+took
	}
	p, a := figuresOf(ours, ourTime), figuresOf(theirs, theirTime)
	return result{
		Bench: "plugin", Value: rounded(p.P95 - a.P95), Unit: "ms, p95 through the back end less p95 of the API",
		Expect: fmt.Sprintf("<= %d", limitMs), Peer: "POST /api/candles/batch, the body read whole", PeerValue: a.P95,
		Plugin: p, Direct: a, Rows: rows, AtOnce: atOnce, Requests: len(ours), MedianOver: rounded(p.P50 - a.P50),
		CPUMs: rounded(cpu.Seconds() * 1000 / float64(len(ours))),
	}, nil
}

// clients ask one after the other, all at once. Returns each request's milliseconds.
func clients(ask func() error, requests, atOnce int) ([]float64, time.Duration, error) {
	times, failures := make(chan float64, requests), make(chan error, atOnce)
	started := time.Now()
	var group sync.WaitGroup
	for n := range atOnce {
		share := requests / atOnce
		if n < requests%atOnce {
			share++
		}
		group.Go(func() {
			for range share {
				began := time.Now()
				if err := ask(); err != nil {
					failures <- err
					return
				}
				times <- float64(time.Since(began).Microseconds()) / 1000
			}
		})
	}
	group.Wait()
	took := time.Since(started)
	close(times)
	close(failures)
	if err := <-failures; err != nil {
		return nil, 0, err
	}
	var all []float64
	for ms := range times {
		all = append(all, ms)
	}
	return all, took, nil
}

func figuresOf(ms []float64, took time.Duration) figures {
	sort.Float64s(ms)
	at := func(q float64) float64 { return rounded(ms[min(len(ms)-1, int(q*float64(len(ms))))]) }
	return figures{at(0.5), at(0.95), at(0.99), math.Round(float64(len(ms)) / took.Seconds())}
}

func rounded(value float64) float64 { return math.Round(value*100) / 100 }
