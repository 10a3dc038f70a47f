//! The names under which Meta takes what is known of a person.

use std::fmt;

/// Defines an enumeration whose variants are keys on the wire.
macro_rules! keys {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $wire:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum $name { $($(#[$variant_doc])* $variant,)+ }

        impl $name {
            /// Every key, in the order in which they are written.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $wire,)+ }
            }

            /// The key of this name; `None` for a name that is none.
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($wire => Some(Self::$variant),)+ _ => None }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

keys! {
    /// What is known of a person and leaves this process only as a hash
    /// ([customer information](https://developers.facebook.com/docs/marketing-api/conversions-api/parameters/customer-information-parameters)).
    ///
    /// [`normalize`](Self::normalize) and [`hash`](Self::hash) hold the rules.
    UserKey {
        /// E-mail address.
        Email = "em",
        /// Phone number with its country code. None is added: a national number matches nobody.
        Phone = "ph",
        /// Gender, as one of many English words for female and male.
        Gender = "ge",
        /// Date of birth.
        DateOfBirth = "db",
        /// Last name.
        LastName = "ln",
        /// First name.
        FirstName = "fn",
        /// City.
        City = "ct",
        /// State or province; those of the United States and Canada by name or in two letters.
        State = "st",
        /// Postal code.
        Zip = "zp",
        /// Country, by its English name or its ISO 3166-1 code.
        Country = "country",
        /// The advertiser's own id of the person. Use the same on every channel.
        ExternalId = "external_id",
        /// First five letters of the first name.
        FirstNameFive = "f5first",
        /// First five letters of the last name.
        LastNameFive = "f5last",
        /// First letter of the first name.
        FirstInitial = "fi",
        /// Day of birth, 1 to 31.
        BirthDay = "dobd",
        /// Month of birth, 1 to 12.
        BirthMonth = "dobm",
        /// Year of birth in four digits.
        BirthYear = "doby",
        /// The advertiser's id of the person in an app.
        AppUserId = "app_user_id",
    }
}

impl UserKey {
    /// Whether a person may have several, as two e-mail addresses. Of the others the last one given counts.
    pub const fn is_list(self) -> bool {
        !matches!(
            self,
            Self::FirstNameFive
                | Self::LastNameFive
                | Self::FirstInitial
                | Self::BirthDay
                | Self::BirthMonth
                | Self::BirthYear
                | Self::AppUserId
        )
    }
}

keys! {
    /// What Meta takes only as it is: addresses of devices and browsers, and ids that Meta itself gave out
    /// ([customer information](https://developers.facebook.com/docs/marketing-api/conversions-api/parameters/customer-information-parameters)).
    PlainKey {
        /// IP address of the browser or device, version 6 if there is one.
        ClientIpAddress = "client_ip_address",
        /// User agent of the browser. Required of events of a website.
        ClientUserAgent = "client_user_agent",
        /// Click id, as [`click_id`](super::click_id) makes it or the cookie `_fbc` holds it.
        ClickId = "fbc",
        /// Browser id, as the cookie `_fbp` holds it.
        BrowserId = "fbp",
        /// Id of the person's subscription.
        SubscriptionId = "subscription_id",
        /// Id of the person after Facebook Login.
        FacebookLoginId = "fb_login_id",
        /// Id of the lead ad's lead.
        LeadId = "lead_id",
        /// Advertising id of the phone.
        MobileAdvertiserId = "madid",
        /// Id of the app's installation.
        AnonymousId = "anon_id",
        /// Page of a conversation in Messenger.
        PageId = "page_id",
        /// The person's id for that page.
        PageScopedUserId = "page_scoped_user_id",
        /// Click id of an ad that opened WhatsApp.
        WhatsappClickId = "ctwa_clid",
        /// Instagram account of a conversation.
        InstagramAccountId = "ig_account_id",
        /// The person's id for that Instagram account.
        InstagramScopedId = "ig_sid",
    }
}
