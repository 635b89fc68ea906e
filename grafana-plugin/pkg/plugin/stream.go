package plugin

import (
	"context"
	"errors"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/tickscope/tickscope/grafana-plugin/pkg/tickscope"
)

// SubscribeStream says whether a channel exists. A Tickscope that is away is no reason to refuse: the stream begins
// when it is back.
func (d *Datasource) SubscribeStream(ctx context.Context, req *backend.SubscribeStreamRequest) (*backend.SubscribeStreamResponse, error) {
	refuse := func(status backend.SubscribeStreamStatus) (*backend.SubscribeStreamResponse, error) {
		return &backend.SubscribeStreamResponse{Status: status}, nil
	}
	path, ok := parseChannel(req.Path)
	if !ok {
		return refuse(backend.SubscribeStreamStatusNotFound)
	}
	_, err := d.client.Instrument(ctx, path.reference())
	var known *tickscope.Error
	switch {
	case tickscope.IsUnknown(err):
		return refuse(backend.SubscribeStreamStatusNotFound)
	case errors.As(err, &known) && (known.Kind == tickscope.KindUnauthorized || known.Kind == tickscope.KindForbidden):
		return refuse(backend.SubscribeStreamStatusPermissionDenied)
	}
	return &backend.SubscribeStreamResponse{Status: backend.SubscribeStreamStatusOK}, nil
}

// PublishStream is refused: a dashboard reads the market, it does not make it.
func (d *Datasource) PublishStream(context.Context, *backend.PublishStreamRequest) (*backend.PublishStreamResponse, error) {
	return &backend.PublishStreamResponse{Status: backend.PublishStreamStatusPermissionDenied}, nil
}

// RunStream sends frames of one channel, at most 10 a second, until Grafana ends it. All channels share one connection
// to Tickscope.
func (d *Datasource) RunStream(ctx context.Context, req *backend.RunStreamRequest, sender *backend.StreamSender) error {
	path, ok := parseChannel(req.Path)
	if !ok {
		return mistakef("There is no channel %q: channels are tick/<token>, quote/<token>, depth/<token> and bar/<token>/<interval>.", req.Path)
	}
	subscription, err := d.stream.Subscribe(path.key())
	if err != nil {
		return err
	}
	defer subscription.Close()
	frame := path.frames()
	var sent time.Time
	for {
		messages, err := subscription.Next(ctx, sent)
		if ctx.Err() != nil {
			return nil // nobody looks any more
		}
		if err != nil {
			return err
		}
		sent = time.Now()
		if made := frame(messages); made != nil {
			if err := sender.SendFrame(made, data.IncludeAll); err != nil {
				return err
			}
		}
	}
}

func reportStream(connected bool, sentence string) {
	if connected {
		backend.Logger.Info(sentence)
	} else {
		backend.Logger.Warn(sentence)
	}
}
