package tickscope

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
)

// envelope of what the stream sends.
type envelope struct {
	Type    string          `json:"type"`
	Symbol  string          `json:"symbol"`
	Token   int64           `json:"token"`
	Data    json.RawMessage `json:"data"`
	Code    string          `json:"code"`
	Message string          `json:"message"`
	Symbols []string        `json:"symbols"`
}

type streamedBar struct {
	Candle
	Interval string `json:"interval"`
}

// take reads one message and publishes it. An error ends the connection.
func (s *Stream) take(text []byte) error {
	var message envelope
	if err := json.Unmarshal(text, &message); err != nil {
		return fmt.Errorf("it sent what is not JSON: %w", err)
	}
	key := StreamKey{Channel: message.Type, Token: message.Token}
	published := &StreamMessage{Symbol: message.Symbol}
	var err error
	switch message.Type {
	case "tick":
		published.Quote = &Quote{}
		err = json.Unmarshal(message.Data, published.Quote)
	case "depth":
		published.Book = &Book{}
		err = json.Unmarshal(message.Data, published.Book)
	case "bar":
		var bar streamedBar
		err = json.Unmarshal(message.Data, &bar)
		key.Interval, published.Bar = bar.Interval, &bar.Candle
	case "error":
		return s.refused(message)
	default: // subscribed, unsubscribed, pong
		return nil
	}
	if err != nil {
		return fmt.Errorf("it sent a %s in a shape that this plugin does not know: %w", message.Type, err)
	}
	s.publish(key, published)
	return nil
}

// refused ends what can never work; for the rest the connection is begun anew, later each time.
func (s *Stream) refused(message envelope) error {
	if message.Code != "unknown_symbol" {
		return errors.New(message.Message)
	}
	for _, symbol := range message.Symbols {
		if token, err := strconv.ParseInt(symbol, 10, 64); err == nil {
			s.refuse(token, &Error{Kind: KindAPI, Status: 404, Code: message.Code, Message: message.Message})
		}
	}
	return nil
}
