package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/grafana/grafana-plugin-sdk-go/genproto/pluginv2"
)

func (w *world) refusedChannels(t *testing.T) {
	for path, want := range map[string]pluginv2.SubscribeStreamResponse_Status{
		"tick/408065":      pluginv2.SubscribeStreamResponse_OK,
		"quote/408065":     pluginv2.SubscribeStreamResponse_OK,
		"depth/408065":     pluginv2.SubscribeStreamResponse_OK,
		"bar/408065/5m":    pluginv2.SubscribeStreamResponse_OK,
		"bar/408065":       pluginv2.SubscribeStreamResponse_NOT_FOUND,
		"bar/408065/2m":    pluginv2.SubscribeStreamResponse_NOT_FOUND,
		"tick/INFY":        pluginv2.SubscribeStreamResponse_NOT_FOUND,
		"tick/1":           pluginv2.SubscribeStreamResponse_NOT_FOUND,
		"nonsense/408065":  pluginv2.SubscribeStreamResponse_NOT_FOUND,
		"tick/408065/more": pluginv2.SubscribeStreamResponse_NOT_FOUND,
	} {
		if got, err := w.backend.Subscribe(t.Context(), w.settings, path); err != nil || got != want {
			t.Errorf("%s: %v %v", path, got, err)
		}
	}
	if got, err := w.backend.Publish(t.Context(), w.settings, "tick/408065"); err != nil || got != pluginv2.PublishStreamResponse_PERMISSION_DENIED {
		t.Errorf("publishing: %v %v", got, err)
	}
}

type packet struct {
	path  string
	frame *data.Frame
	at    time.Time
}

// follow runs a channel until the context ends and hands on each frame.
func (w *world) follow(ctx context.Context, t *testing.T, path string, into chan<- packet) {
	t.Helper()
	next, err := w.backend.Run(ctx, w.settings, path)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			text, err := next()
			if err != nil {
				return
			}
			frame := &data.Frame{}
			if err := json.Unmarshal(text, frame); err != nil {
				t.Errorf("%s sent what is no frame: %v", path, err)
				return
			}
			select {
			case into <- packet{path, frame, time.Now()}:
			case <-ctx.Done():
				return
			}
		}
	}()
}

func (w *world) streams(t *testing.T) {
	queries := map[string]model{
		fmt.Sprintf("bar/%d/1m", infyToken): {"instruments": []string{infy}, "interval": "1m", "stream": true},
		fmt.Sprintf("tick/%d", infyToken):   {"queryType": "ticks", "view": "history", "instruments": []string{infy}, "stream": true},
		fmt.Sprintf("quote/%d", infyToken):  {"queryType": "ticks", "instruments": []string{infy}, "stream": true},
		fmt.Sprintf("depth/%d", infyToken):  {"queryType": "depth", "instruments": []string{infy}, "stream": true},
	}
	wanted := map[string]string{}
	for path, query := range queries {
		answer := w.askIn(t, query, time.Now().Add(-5*time.Minute), time.Now(), nil)
		if answer.Error != nil {
			t.Fatal(answer.Error)
		}
		custom, _ := json.Marshal(answer.Frames[0].Meta.Custom)
		if !strings.Contains(string(custom), `"channels":["ds/tickscope/`+path+`"]`) {
			t.Errorf("%s is not named in %s", path, custom)
		}
		if closed := w.ask(t, query); strings.Contains(fmt.Sprint(closed.Frames[0].Meta.Custom), "channels") {
			t.Errorf("%s is named for a range that is over", path)
		}
		wanted[path] = schema(answer.Frames[0])
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	packets := make(chan packet, 1000)
	for path := range queries {
		w.follow(ctx, t, path, packets)
	}
	times := w.gather(t, packets, wanted, 4*time.Second)
	for path, moments := range times {
		for i := 1; i < len(moments); i++ {
			if pause := moments[i].Sub(moments[i-1]); pause < 60*time.Millisecond {
				t.Errorf("%s: two frames within %s", path, pause)
			}
		}
	}
	if clients := w.streamClients(t); clients != "1" {
		t.Errorf("%s sockets are open, not one", clients)
	}

	w.service.Stop()
	if err := w.service.Start(t.Context(), w.root); err != nil {
		t.Fatal(err)
	}
	for len(packets) > 0 {
		<-packets
	}
	w.gather(t, packets, wanted, 4*time.Second)

	cancel()
	for range 100 {
		if w.streamClients(t) == "0" {
			return
		}
		time.Sleep(200 * time.Millisecond)
	}
	t.Error("the socket stays open though nobody follows")
}

// gather waits until every channel has moved, at least so long.
func (w *world) gather(t *testing.T, packets <-chan packet, wanted map[string]string, atLeast time.Duration) map[string][]time.Time {
	t.Helper()
	times := map[string][]time.Time{}
	deadline, least := time.After(45*time.Second), time.After(atLeast)
	waited := false
	for !waited || len(times) < len(wanted) || slices.ContainsFunc(keys(times), func(path string) bool { return len(times[path]) < 3 }) {
		select {
		case got := <-packets:
			times[got.path] = append(times[got.path], got.at)
			if seen := schema(got.frame); seen != wanted[got.path] {
				t.Fatalf("%s streams\n%s, the query has\n%s", got.path, seen, wanted[got.path])
			}
		case <-least:
			waited = true
		case <-deadline:
			t.Fatalf("not every channel moved: %v", times)
		}
	}
	return times
}

func keys(of map[string][]time.Time) []string {
	var list []string
	for key := range of {
		list = append(list, key)
	}
	return list
}

// schema is names, types and labels: what must be the same for rows to be merged.
func schema(frame *data.Frame) string {
	var text strings.Builder
	for _, field := range frame.Fields {
		fmt.Fprintf(&text, "%s %s %s %s; ", field.Name, field.Type(), field.Labels, field.Config.DisplayNameFromDS)
	}
	return text.String()
}

func (w *world) streamClients(t *testing.T) string {
	t.Helper()
	body := w.get(t, "/metrics")
	for line := range strings.Lines(string(body)) {
		if value, found := strings.CutPrefix(line, "tickscope_stream_clients "); found {
			return strings.TrimSpace(value)
		}
	}
	return "no metric"
}
