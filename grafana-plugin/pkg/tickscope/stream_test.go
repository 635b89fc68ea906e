package tickscope

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// market is a WS /api/stream that remembers what it was asked and says what the test wants.
type market struct {
	mu    sync.Mutex
	asked []request
	open  []*websocket.Conn
}

func (m *market) handle(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer secret-token" {
		answering(401, "application/json", `{"error":{"code":"unauthorized","message":"No."}}`)(w, r)
		return
	}
	connection, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{streamProtocol}})
	if err != nil {
		return
	}
	m.mu.Lock()
	m.open = append(m.open, connection)
	m.mu.Unlock()
	for {
		_, text, err := connection.Read(context.Background())
		if err != nil {
			return
		}
		var asked request
		_ = json.Unmarshal(text, &asked)
		m.mu.Lock()
		m.asked = append(m.asked, asked)
		m.mu.Unlock()
	}
}

func (m *market) connections() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.open)
}

// heard waits until it was asked for so much.
func (m *market) heard(t *testing.T, what string, times int) {
	t.Helper()
	for range 200 {
		m.mu.Lock()
		count := 0
		for _, asked := range m.asked {
			if fmt.Sprintf("%s %s %s %s", asked.Type, strings.Join(asked.Symbols, ","), asked.Channels[0], strings.Join(asked.Intervals, ",")) == what {
				count++
			}
		}
		m.mu.Unlock()
		if count == times {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("it was never asked %d times for %q: %+v", times, what, m.asked)
}

func (m *market) say(t *testing.T, text string) {
	t.Helper()
	m.mu.Lock()
	latest := m.open[len(m.open)-1]
	m.mu.Unlock()
	if err := latest.Write(t.Context(), websocket.MessageText, []byte(text)); err != nil {
		t.Fatal(err)
	}
}

func newMarket(t *testing.T) (*market, *Stream) {
	t.Helper()
	m := &market{}
	client := clientOf(t, m.handle)
	stream := client.NewStream(func(bool, string) {})
	t.Cleanup(func() { stream.Close() })
	return m, stream
}

func subscribe(t *testing.T, stream *Stream, key StreamKey) *Subscription {
	t.Helper()
	subscription, err := stream.Subscribe(key)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(subscription.Close)
	return subscription
}

func next(t *testing.T, subscription *Subscription) []*StreamMessage {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	messages, err := subscription.Next(ctx, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	return messages
}

func bar(minute int, close float64) string {
	return fmt.Sprintf(`{"type":"bar","symbol":"NSE:X","token":1,"data":{"time":"2026-11-21T04:%02d:00.000Z","open":1,"high":1,"low":1,"close":%v,"interval":"1m","source":"ticks"}}`, minute, close)
}

func TestManySubscribersShareOneSocketAndOneRequest(t *testing.T) {
	m, stream := newMarket(t)
	key := StreamKey{Channel: "tick", Token: 1}
	first, second := subscribe(t, stream, key), subscribe(t, stream, key)
	m.heard(t, "subscribe 1 tick ", 1)
	m.say(t, `{"type":"tick","symbol":"NSE:X","token":1,"data":{"lastPrice":5}}`)
	for _, subscription := range []*Subscription{first, second} {
		if got := next(t, subscription); len(got) != 1 || *got[0].Quote.LastPrice != 5 || got[0].Symbol != "NSE:X" {
			t.Errorf("%+v", got)
		}
	}
	late := subscribe(t, stream, key)
	if got := next(t, late); *got[0].Quote.LastPrice != 5 {
		t.Errorf("who comes later does not get the newest: %+v", got)
	}
	if m.connections() != 1 {
		t.Errorf("%d sockets", m.connections())
	}
	first.Close()
	second.Close()
	late.Close()
	late.Close()
	m.heard(t, "unsubscribe 1 tick ", 1)
}

func TestBarsAreConflatedByTheirTimeAndNoneThatEndedIsLost(t *testing.T) {
	m, stream := newMarket(t)
	subscription := subscribe(t, stream, StreamKey{Channel: "bar", Token: 1, Interval: "1m"})
	m.heard(t, "subscribe 1 bar 1m", 1)
	for _, text := range []string{bar(1, 1), bar(1, 2), bar(2, 3), bar(1, 4), bar(2, 5)} {
		m.say(t, text)
	}
	time.Sleep(300 * time.Millisecond)
	var closes []float64
	for _, message := range next(t, subscription) {
		closes = append(closes, message.Bar.Close)
	}
	if !slices.Equal(closes, []float64{4, 5}) {
		t.Errorf("%v", closes)
	}
}

func TestASubscriberGetsAtMostTenASecond(t *testing.T) {
	m, stream := newMarket(t)
	subscription := subscribe(t, stream, StreamKey{Channel: "tick", Token: 1})
	m.heard(t, "subscribe 1 tick ", 1)
	m.say(t, `{"type":"tick","token":1,"data":{}}`)
	next(t, subscription)
	sent := time.Now()
	m.say(t, `{"type":"tick","token":1,"data":{}}`)
	if _, err := subscription.Next(t.Context(), sent); err != nil || time.Since(sent) < updatesEvery {
		t.Errorf("%v after %s", err, time.Since(sent))
	}
}

func TestALostConnectionIsMadeAgainWithEverythingWanted(t *testing.T) {
	m, stream := newMarket(t)
	tick := subscribe(t, stream, StreamKey{Channel: "tick", Token: 1})
	subscribe(t, stream, StreamKey{Channel: "depth", Token: 2})
	m.heard(t, "subscribe 1 tick ", 1)
	m.heard(t, "subscribe 2 depth ", 1)
	m.mu.Lock()
	lost := m.open[0]
	m.mu.Unlock()
	_ = lost.Close(websocket.StatusGoingAway, "restart")
	m.heard(t, "subscribe 1 tick ", 2)
	m.heard(t, "subscribe 2 depth ", 2)
	m.say(t, `{"type":"tick","token":1,"data":{"lastPrice":7}}`)
	if got := next(t, tick); *got[0].Quote.LastPrice != 7 {
		t.Errorf("%+v", got)
	}
}

func TestAnUnknownInstrumentEndsItsSubscriptionOnly(t *testing.T) {
	m, stream := newMarket(t)
	known, unknown := subscribe(t, stream, StreamKey{Channel: "tick", Token: 1}), subscribe(t, stream, StreamKey{Channel: "tick", Token: 9})
	for range 200 {
		m.mu.Lock()
		asked := len(m.asked)
		m.mu.Unlock()
		if asked > 0 {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	m.say(t, `{"type":"error","code":"unknown_symbol","message":"There is no instrument \"9\".","symbols":["9"]}`)
	m.say(t, `{"type":"tick","token":1,"data":{}}`)
	if _, err := unknown.Next(t.Context(), time.Time{}); !IsUnknown(err) {
		t.Errorf("%v", err)
	}
	next(t, known)
}

func TestClosingEndsEverySubscriptionAndTakesNoNewOne(t *testing.T) {
	m, stream := newMarket(t)
	subscription := subscribe(t, stream, StreamKey{Channel: "tick", Token: 1})
	m.heard(t, "subscribe 1 tick ", 1)
	stream.Close()
	stream.Close()
	if _, err := subscription.Next(t.Context(), time.Time{}); !errors.Is(err, ErrStreamClosed) {
		t.Errorf("%v", err)
	}
	if _, err := stream.Subscribe(StreamKey{Channel: "tick", Token: 1}); !errors.Is(err, ErrStreamClosed) {
		t.Errorf("%v", err)
	}
}

func TestARefusedConnectionIsReportedOnceWithWhatToDo(t *testing.T) {
	client := clientOf(t, answering(401, "application/json", `{"error":{"code":"unauthorized","message":"The token is not valid."}}`))
	var mu sync.Mutex
	var said []string
	stream := client.NewStream(func(connected bool, sentence string) {
		mu.Lock()
		defer mu.Unlock()
		said = append(said, fmt.Sprint(connected, " ", sentence))
	})
	subscribe(t, stream, StreamKey{Channel: "tick", Token: 1})
	time.Sleep(2500 * time.Millisecond) // two tries or more
	stream.Close()
	mu.Lock()
	defer mu.Unlock()
	if len(said) != 1 || !strings.Contains(said[0], "TICKSCOPE_READ_TOKEN") || strings.Contains(said[0], "secret-token") {
		t.Errorf("%q", said)
	}
}
