// Command ask starts the built back end as Grafana does (go-plugin's handshake, gRPC) and puts to it what stands on
// its standard input: one JSON request a line, one JSON answer a line. Tests in other languages speak through it.
//
//	ask -plugin dist/datasource/gpx_tickscope_market_linux_amd64 -url http://127.0.0.1:8000 [-token T]
//	{"kind":"query","from":1763700000000,"to":1763703600000,"queries":[{"refId":"A","queryType":"vix","maxDataPoints":500,"intervalMs":10000}]}
//	{"kind":"resource","path":"variables/future","parameters":{"underlying":"NSE:INFY"}}
//
// Answers: {"responses":{"A":{"frames":[...],"error":"","status":200}}}, {"status":200,"body":...}, or {"error":"..."}.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/url"
	"os"
	"time"

	"github.com/tickscope/tickscope/grafana-plugin/pkg/harness"
)

const (
	askTimeout = time.Minute
	longestAsk = 16 << 20 // bytes of one request line
)

type request struct {
	Kind       string            `json:"kind"`
	From       int64             `json:"from"` // epoch milliseconds
	To         int64             `json:"to"`
	Queries    []json.RawMessage `json:"queries"`
	Path       string            `json:"path"`
	Parameters map[string]string `json:"parameters"`
}

// What Grafana takes out of a query's model beside handing the whole model on.
type envelope struct {
	RefID         string `json:"refId"`
	MaxDataPoints int64  `json:"maxDataPoints"`
	IntervalMs    int64  `json:"intervalMs"`
}

type asker struct {
	backend  *harness.Backend
	settings harness.Settings
}

func main() {
	executable := flag.String("plugin", "", "the built back end")
	api := flag.String("url", "", "root of Tickscope's API")
	token := flag.String("token", "", "token of the API")
	flag.Parse()
	if err := run(*executable, harness.Settings{URL: *api, Token: *token}, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "ask:", err)
		os.Exit(1)
	}
}

func run(executable string, settings harness.Settings, in io.Reader, out io.Writer) error {
	started, err := harness.StartBackend(executable)
	if err != nil {
		return err
	}
	defer started.Stop()
	asker := asker{backend: started, settings: settings}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, longestAsk)
	answers := json.NewEncoder(out)
	for lines.Scan() {
		if err := answers.Encode(asker.answer(lines.Bytes())); err != nil {
			return err
		}
	}
	return lines.Err()
}

func (a asker) answer(line []byte) any {
	ctx, cancel := context.WithTimeout(context.Background(), askTimeout)
	defer cancel()
	var asked request
	err := json.Unmarshal(line, &asked)
	var answer any
	if err == nil {
		switch asked.Kind {
		case "query":
			answer, err = a.query(ctx, asked)
		case "resource":
			answer, err = a.call(ctx, asked)
		default:
			err = fmt.Errorf("kind must be query or resource, not %q", asked.Kind)
		}
	}
	if err != nil {
		return map[string]string{"error": err.Error()}
	}
	return answer
}

func (a asker) query(ctx context.Context, asked request) (any, error) {
	responses := map[string]any{}
	for _, model := range asked.Queries {
		var e envelope
		if err := json.Unmarshal(model, &e); err != nil {
			return nil, err
		}
		answer, err := a.backend.Query(ctx, a.settings, harness.Ask{
			From: time.UnixMilli(asked.From), To: time.UnixMilli(asked.To),
			Interval: time.Duration(e.IntervalMs) * time.Millisecond, MaxDataPoints: e.MaxDataPoints,
			Queries: map[string]any{e.RefID: model},
		})
		if err != nil {
			return nil, err
		}
		for ref, one := range answer {
			message := ""
			if one.Error != nil {
				message = one.Error.Error()
			}
			responses[ref] = map[string]any{"frames": one.Frames, "error": message, "status": int(one.Status)}
		}
	}
	return map[string]any{"responses": responses}, nil
}

func (a asker) call(ctx context.Context, asked request) (any, error) {
	parameters := url.Values{}
	for name, value := range asked.Parameters {
		parameters.Set(name, value)
	}
	status, body, err := a.backend.Resource(ctx, a.settings, asked.Path, parameters.Encode())
	if err != nil {
		return nil, err
	}
	return map[string]any{"status": status, "body": json.RawMessage(body)}, nil
}
