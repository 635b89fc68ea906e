package tickscope

import (
	"context"
	"errors"
	"sync"
	"time"
)

// The stream is one WebSocket to WS /api/stream, whatever the number of subscribers.
//
//	idle ──first subscriber──▶ connecting ──▶ open ──last subscriber gone for `linger`──▶ idle
//	                               ▲            │
//	                               └─ back-off ─┘ closed, silent or refused; then everything wanted is subscribed again
//
// What is wanted is the subscribers' keys. While open, the connection is told of the difference to what it has.

const (
	// updatesEvery bounds what one subscriber gets: 10 a second.
	updatesEvery = 100 * time.Millisecond
	// linger keeps the connection for a dashboard that is only being reloaded.
	linger = 5 * time.Second
	// pendingRows of one subscriber that does not read; older ones are dropped.
	pendingRows = 64
)

// StreamKey is one thing that can be followed.
type StreamKey struct {
	Channel  string // tick, bar, depth
	Token    int64
	Interval string // of bar only
}

// StreamMessage is one of `Quote`, `Bar` or `Book` of an instrument, shared by all subscribers: not to be changed.
type StreamMessage struct {
	Symbol string // EXCHANGE:SYMBOL
	Quote  *Quote
	Bar    *Candle
	Book   *Book
}

// Reporter hears when the connection is lost and found, with a sentence. Never more than once a change.
type Reporter func(connected bool, sentence string)

// Stream of one Tickscope. Safe for concurrent use; Close ends it for good.
type Stream struct {
	dial   dialer
	report Reporter

	mu      sync.Mutex
	topics  map[StreamKey]*topic
	running bool
	closed  bool
	cancel  context.CancelFunc
	done    chan struct{}
	changed chan struct{} // holds one note that topics have changed
}

type topic struct {
	subscribers map[*Subscription]struct{}
	latest      *StreamMessage
}

// NewStream connects when somebody subscribes.
func (c *Client) NewStream(report Reporter) *Stream {
	return &Stream{
		dial:    c.dialStream,
		report:  report,
		topics:  map[StreamKey]*topic{},
		changed: make(chan struct{}, 1),
	}
}

// ErrStreamClosed ends the subscriptions of a data source whose settings changed.
var ErrStreamClosed = errors.New("the data source's settings have changed; the stream begins anew")

// Subscription to one key.
type Subscription struct {
	stream *Stream
	key    StreamKey
	ready  chan struct{} // holds one note that something is pending

	mu      sync.Mutex
	pending []*StreamMessage
	err     error
}

// Subscribe begins with the newest that is known. The caller must Close the subscription.
func (s *Stream) Subscribe(key StreamKey) (*Subscription, error) {
	subscription := &Subscription{stream: s, key: key, ready: make(chan struct{}, 1)}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, ErrStreamClosed
	}
	wanted := s.topics[key]
	if wanted == nil {
		wanted = &topic{subscribers: map[*Subscription]struct{}{}}
		s.topics[key] = wanted
		note(s.changed)
	}
	wanted.subscribers[subscription] = struct{}{}
	if wanted.latest != nil {
		subscription.offer(wanted.latest)
	}
	if !s.running {
		s.start()
	}
	return subscription, nil
}

// Close ends a subscription; twice is safe.
func (s *Subscription) Close() {
	s.stream.mu.Lock()
	defer s.stream.mu.Unlock()
	followed := s.stream.topics[s.key]
	if followed == nil {
		return
	}
	delete(followed.subscribers, s)
	if len(followed.subscribers) == 0 {
		delete(s.stream.topics, s.key)
		note(s.stream.changed)
	}
}

// Next waits for what is new, oldest first, at most 10 times a second: bars by their time, of ticks and books the
// newest. It ends with the context's error or why the stream ended.
func (s *Subscription) Next(ctx context.Context, last time.Time) ([]*StreamMessage, error) {
	if pause := time.Until(last.Add(updatesEvery)); pause > 0 {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(pause):
		}
	}
	for {
		s.mu.Lock()
		messages, err := s.pending, s.err
		s.pending = nil
		s.mu.Unlock()
		if len(messages) > 0 || err != nil {
			return messages, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-s.ready:
		}
	}
}

// offer conflates: a bar replaces the pending one of its time, anything else replaces what is pending.
func (s *Subscription) offer(message *StreamMessage) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer note(s.ready)
	if message.Bar == nil {
		s.pending = []*StreamMessage{message}
		return
	}
	for i, waiting := range s.pending {
		if waiting.Bar != nil && waiting.Bar.Time.Equal(message.Bar.Time) {
			s.pending[i] = message
			return
		}
	}
	s.pending = append(s.pending, message)
	if len(s.pending) > pendingRows {
		s.pending = s.pending[1:]
	}
}

func (s *Subscription) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
	note(s.ready)
}

// Close ends the connection and every subscription; twice is safe.
func (s *Stream) Close() {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		for _, followed := range s.topics {
			for subscription := range followed.subscribers {
				subscription.fail(ErrStreamClosed)
			}
		}
	}
	cancel, done := s.cancel, s.done
	s.mu.Unlock()
	if cancel != nil {
		cancel()
		<-done
	}
}

// start is called with the lock held.
func (s *Stream) start() {
	ctx, cancel := context.WithCancel(context.Background())
	s.running, s.cancel, s.done = true, cancel, make(chan struct{})
	go s.run(ctx, s.done)
}

func note(of chan struct{}) {
	select {
	case of <- struct{}{}:
	default:
	}
}

func (s *Stream) wanted() map[StreamKey]bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	keys := make(map[StreamKey]bool, len(s.topics))
	for key := range s.topics {
		keys[key] = true
	}
	return keys
}

// publish hands a message to who follows its key.
func (s *Stream) publish(key StreamKey, message *StreamMessage) {
	s.mu.Lock()
	defer s.mu.Unlock()
	followed := s.topics[key]
	if followed == nil {
		return
	}
	if message.Bar == nil || followed.latest == nil || !message.Bar.Time.Before(followed.latest.Bar.Time) {
		followed.latest = message
	}
	for subscription := range followed.subscribers {
		subscription.offer(message)
	}
}

// refuse ends the subscriptions of instruments that Tickscope does not know.
func (s *Stream) refuse(token int64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, followed := range s.topics {
		if key.Token != token {
			continue
		}
		for subscription := range followed.subscribers {
			subscription.fail(err)
		}
	}
}
