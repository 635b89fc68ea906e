package tickscope

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"github.com/coder/websocket"
)

const (
	streamProtocol = "tickscope.v1"
	firstRetry     = 500 * time.Millisecond
	longestRetry   = 10 * time.Second
	// pingEvery finds a connection that is gone without a word.
	pingEvery = 20 * time.Second
	// largestMessage is far above a book or a quote.
	largestMessage = 1 << 20
)

type dialer func(ctx context.Context) (*websocket.Conn, error)

// dialStream connects. The token goes into the Authorization header, as everywhere.
func (c *Client) dialStream(ctx context.Context) (*websocket.Conn, error) {
	within, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	header := http.Header{}
	if c.token != "" {
		header.Set("Authorization", "Bearer "+c.token)
	}
	connection, response, err := websocket.Dial(within, c.address("/api/stream", nil), &websocket.DialOptions{
		HTTPClient:   c.http,
		HTTPHeader:   header,
		Subprotocols: []string{streamProtocol},
	})
	if err == nil {
		connection.SetReadLimit(largestMessage)
		return connection, nil
	}
	if response != nil && response.StatusCode != http.StatusSwitchingProtocols && response.Body != nil {
		return nil, answerError(c.Root(), "/api/stream", response)
	}
	return nil, connectionError(c.Root(), c.timeout, err)
}

// run keeps a connection while somebody listens.
func (s *Stream) run(ctx context.Context, done chan struct{}) {
	defer close(done)
	retry, healthy := firstRetry, true
	for {
		err := s.connect(ctx, func() {
			s.report(true, "the stream is connected")
			retry, healthy = firstRetry, true
		})
		if s.stopIfIdle(ctx) {
			return
		}
		if healthy && !errors.Is(err, errIdle) {
			s.report(false, fmt.Sprintf("the stream is not connected and is tried again: %v", err))
			healthy = false
		}
		select {
		case <-ctx.Done():
		case <-time.After(retry/2 + rand.N(retry)): // not all Grafanas at once after a restart
		}
		retry = min(2*retry, longestRetry)
	}
}

// stopIfIdle ends the run when nobody listens any more or the stream is closed, before anybody can subscribe anew.
func (s *Stream) stopIfIdle(ctx context.Context) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ctx.Err() == nil && len(s.topics) > 0 {
		return false
	}
	s.running = false
	return true
}

var errIdle = errors.New("nobody listens")

// connect opens one connection and serves it until it ends.
func (s *Stream) connect(ctx context.Context, opened func()) error {
	connection, err := s.dial(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = connection.CloseNow() }()
	opened()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	reading := make(chan struct{})
	go func() {
		defer close(reading)
		cancel(s.read(ctx, connection))
	}()
	err = s.steer(ctx, connection)
	cancel(err)
	_ = connection.CloseNow()
	<-reading
	return context.Cause(ctx)
}

// read hands on what comes until the connection ends.
func (s *Stream) read(ctx context.Context, connection *websocket.Conn) error {
	for {
		_, text, err := connection.Read(ctx)
		if err != nil {
			return err
		}
		if err := s.take(text); err != nil {
			return err
		}
	}
}

// steer tells the connection what is wanted, and sees that it lives.
func (s *Stream) steer(ctx context.Context, connection *websocket.Conn) error {
	has := map[StreamKey]bool{}
	pings := time.NewTicker(pingEvery)
	defer pings.Stop()
	var idle <-chan time.Time
	for {
		wanted := s.wanted()
		if err := tell(ctx, connection, "subscribe", missing(wanted, has)); err != nil {
			return err
		}
		if err := tell(ctx, connection, "unsubscribe", missing(has, wanted)); err != nil {
			return err
		}
		has = wanted
		if len(wanted) > 0 {
			idle = nil
		} else if idle == nil {
			idle = time.After(linger)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.changed:
		case <-idle:
			if len(s.wanted()) == 0 {
				return errIdle
			}
		case <-pings.C:
			if err := ping(ctx, connection); err != nil {
				return err
			}
		}
	}
}

func ping(ctx context.Context, connection *websocket.Conn) error {
	within, cancel := context.WithTimeout(ctx, pingEvery/2)
	defer cancel()
	if err := connection.Ping(within); err != nil {
		return fmt.Errorf("it went silent: %w", err)
	}
	return nil
}

// missing are the keys of `of` that are not in `from`.
func missing(of, from map[StreamKey]bool) map[StreamKey]bool {
	keys := maps.Clone(of)
	maps.DeleteFunc(keys, func(key StreamKey, _ bool) bool { return from[key] })
	return keys
}

type request struct {
	Type      string   `json:"type"`
	Symbols   []string `json:"symbols"`
	Channels  []string `json:"channels"`
	Intervals []string `json:"intervals,omitempty"`
}

// tell sends one message for each channel and interval, however many instruments.
func tell(ctx context.Context, connection *websocket.Conn, what string, keys map[StreamKey]bool) error {
	type kind struct{ channel, interval string }
	symbols := map[kind][]string{}
	for key := range keys {
		of := kind{key.Channel, key.Interval}
		symbols[of] = append(symbols[of], strconv.FormatInt(key.Token, 10))
	}
	for of, list := range symbols {
		message := request{Type: what, Symbols: list, Channels: []string{of.channel}}
		if of.interval != "" {
			message.Intervals = []string{of.interval}
		}
		text, err := json.Marshal(message)
		if err != nil {
			return err
		}
		if err := connection.Write(ctx, websocket.MessageText, text); err != nil {
			return err
		}
	}
	return nil
}
