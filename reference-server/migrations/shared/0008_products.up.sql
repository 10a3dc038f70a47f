-- The family as it is today. A sixteenth product is one more row.
insert into public.products (slug, name, domain, class, aliases) values
    ('portal28', 'Portal28', 'portal28.academy', 'infrastructure', '{portal}'),
    ('remotion', 'Remotion', 'render.portal28.academy', 'infrastructure', '{render}'),
    ('waitlistlab', 'WaitlistLab', 'waitlistlab.com', 'infrastructure', '{wl,waitlist}'),
    ('mediaposter', 'MediaPoster', 'mediaposter.io', 'infrastructure', '{mp}'),
    ('content_factory', 'Content Factory', 'contentfactory.app', 'application', '{cf}'),
    ('pct', 'PCT', 'pct.tools', 'application', '{programmatic_creative_testing}'),
    ('softwarehub', 'SoftwareHub', 'softwarehub.store', 'application', '{sh}'),
    ('gapradar', 'GapRadar', 'gapradar.io', 'application', '{gr}'),
    ('blogcanvas', 'BlogCanvas', 'blogcanvas.app', 'application', '{bc}'),
    ('canvascast', 'CanvasCast', 'canvascast.app', 'application', '{cc}'),
    ('shortslinker', 'ShortsLinker', 'shortslinker.com', 'specialised', '{sl}'),
    ('vellopad', 'VelloPad', 'vellopad.com', 'specialised', '{vp}'),
    ('velvethold', 'VelvetHold', 'velvethold.com', 'specialised', '{vh}'),
    ('steadyletters', 'SteadyLetters', 'steadyletters.com', 'specialised', '{letters}'),
    ('everreach', 'EverReach', 'everreach.app', 'specialised', '{er}')
on conflict (slug) do nothing;
